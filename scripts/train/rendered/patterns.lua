--- Patterns: what drums, bass and accompaniment play in a bar, by style. Drums are strings of sixteenths (or twelfths of a bar
--- of three beats, or triplets where `swing` is set): x loud, o soft, . nothing.
local patterns = {}

-- General MIDI's drums.
patterns.drums = {kick = 36, stick = 37, snare = 38, clap = 39, closed = 42, pedal = 44, open = 46, low = 45, mid = 47,
  high = 50, crash = 49, ride = 51, tambourine = 54, cowbell = 56, shaker = 70, conga = 63, conga_low = 64}

-- bpm: usual range; bass and comp: what is drawn from; weight: how often.
patterns.styles = {
  {name = "rock", bpm = {95, 150}, weight = 3, bass = {"eighths", "roots"}, comp = {"strum", "power", "block"},
    drums = {{kick = "x.......x.x.....", snare = "....x.......x...", closed = "x.o.x.o.x.o.x.o."},
      {kick = "x..x....x.......", snare = "....x.......x...", ride = "x...x...x...x..."}}},
  {name = "pop", bpm = {85, 130}, weight = 3, bass = {"roots", "syncopated", "eighths"}, comp = {"block", "arpeggio", "pad"},
    drums = {{kick = "x.....x.x.......", snare = "....x.......x...", closed = "x.x.x.x.x.x.x.x."},
      {kick = "x...x...x...x...", clap = "....x.......x...", closed = "..x...x...x...x.", shaker = "oooooooooooooooo"}}},
  {name = "ballad", bpm = {58, 85}, weight = 2, bass = {"roots"}, comp = {"arpeggio", "pad", "block"},
    drums = {{kick = "x.......x.......", stick = "....x.......x...", closed = "x.o.o.o.x.o.o.o."}}},
  {name = "disco", bpm = {110, 132}, weight = 2, bass = {"octaves", "syncopated"}, comp = {"offbeat", "pad", "block"},
    drums = {{kick = "x...x...x...x...", snare = "....x.......x...", open = "..x...x...x...x.", closed = "x.o.x.o.x.o.x.o."}}},
  {name = "house", bpm = {118, 132}, weight = 2, bass = {"offbeats", "syncopated"}, comp = {"stabs", "pad"},
    drums = {{kick = "x...x...x...x...", clap = "....x.......x...", open = "..x...x...x...x.", shaker = "xoxoxoxoxoxoxoxo"}}},
  {name = "hiphop", bpm = {76, 104}, weight = 3, bass = {"syncopated", "roots"}, comp = {"stabs", "pad", "arpeggio"},
    drums = {{kick = "x.......x.x...x.", snare = "....x.......x...", closed = "x.x.x.x.x.x.xox."},
      {kick = "x..x..x...x.....", snare = "....x.......x...", closed = "xoxoxoxoxoxoxoxo"},
      {kick = "x.........x.....", snare = "....x..o....x...", closed = "x...x...x...x..."}}},
  {name = "funk", bpm = {90, 116}, weight = 1, bass = {"syncopated"}, comp = {"stabs", "offbeat"},
    drums = {{kick = "x..x......x..x..", snare = "....x..o.o..x..o", closed = "xoxoxoxoxoxoxoxo"}}},
  {name = "reggae", bpm = {66, 92}, weight = 3, bass = {"reggae", "syncopated"}, comp = {"offbeat"},
    drums = {{kick = "........x.......", stick = "........x.......", closed = "x.x.x.x.x.x.x.x."},
      {kick = "x...x...x...x...", stick = "....x.......x...", closed = "..x...x...x...x."}}},
  {name = "country", bpm = {90, 140}, weight = 2, bass = {"fifths"}, comp = {"backbeat", "strum"},
    drums = {{kick = "x.......x.......", stick = "....x.......x...", closed = "x.x.x.x.x.x.x.x."},
      {snare = "xoxoxoxoxoxoxoxo", kick = "x...x...x...x..."}}},
  {name = "metal", bpm = {100, 190}, weight = 2, bass = {"eighths"}, comp = {"power"},
    drums = {{kick = "xxxxxxxxxxxxxxxx", snare = "....x.......x...", crash = "x...............", ride = "x...x...x...x..."},
      {kick = "x.x.x.xxx.x.x.xx", snare = "....x.......x...", closed = "x...x...x...x..."},
      {kick = "x..xx...x..xx...", snare = "........x.......", crash = "x.......x......."}}},
  {name = "latin", bpm = {90, 130}, weight = 1, bass = {"tumbao", "syncopated"}, comp = {"syncopated", "offbeat"},
    drums = {{conga = "..x...xx..x...xx", conga_low = "......x.......x.", cowbell = "x.o.x.x.x.o.x.x.", kick = "x.......x......."}}},
  {name = "bossa", bpm = {110, 150}, weight = 1, bass = {"fifths"}, comp = {"syncopated"},
    drums = {{kick = "x..xx..xx..xx..x", stick = "x..x..x...x..x..", closed = "xoxoxoxoxoxoxoxo"}}},
  {name = "swing", bpm = {100, 190}, weight = 2, swing = true, bass = {"walking"}, comp = {"stabs", "block"},
    drums = {{ride = "x..x.xx..x.x", pedal = "...x.....x..", kick = "o..o..o..o.."}, {ride = "x..x.xx..x.x", pedal = "...x.....x.."}}},
  {name = "shuffle", bpm = {80, 140}, weight = 2, swing = true, bass = {"walking", "roots"}, comp = {"backbeat", "block"},
    drums = {{kick = "x.....x.....", snare = "...x.....x..", closed = "x.xx.xx.xx.x"}}},
  {name = "classical", bpm = {60, 140}, weight = 3, bass = {"roots", "none"}, comp = {"arpeggio", "alberti", "block", "pad"}, drums = {}},
  {name = "waltz", bpm = {84, 180}, weight = 1.2, meter = 3, bass = {"roots"}, comp = {"waltz", "arpeggio"},
    drums = {{}, {kick = "x...........", closed = "....x...x...", stick = "....o...o..."}}},
}

--- What a bass plays in a bar: {beat, length, "root" | "fifth" | "octave" | "third" | "step"}.
patterns.bass = {
  roots = {{0, 2, "root"}, {2, 2, "root"}},
  eighths = {{0, .5, "root"}, {.5, .5, "root"}, {1, .5, "root"}, {1.5, .5, "root"}, {2, .5, "root"}, {2.5, .5, "root"},
    {3, .5, "root"}, {3.5, .5, "root"}},
  octaves = {{0, .5, "root"}, {.5, .5, "octave"}, {1, .5, "root"}, {1.5, .5, "octave"}, {2, .5, "root"}, {2.5, .5, "octave"},
    {3, .5, "root"}, {3.5, .5, "octave"}},
  offbeats = {{.5, .4, "root"}, {1.5, .4, "root"}, {2.5, .4, "root"}, {3.5, .4, "root"}},
  syncopated = {{0, .75, "root"}, {.75, .75, "root"}, {1.5, .5, "fifth"}, {2.5, .5, "root"}, {3, .75, "octave"}},
  fifths = {{0, .9, "root"}, {2, .9, "fifth"}},
  walking = {{0, .95, "root"}, {1, .95, "third"}, {2, .95, "fifth"}, {3, .95, "step"}},
  reggae = {{0, .5, "root"}, {.75, .5, "root"}, {1.5, .75, "third"}, {2.5, .5, "fifth"}, {3.25, .5, "root"}},
  tumbao = {{1.5, 1, "fifth"}, {3, 1, "root"}},
  none = {},
}

--- When an accompaniment strikes: {beat, length}; "notes" one after the other instead of chords.
patterns.comp = {
  block = {{0, 2}, {2, 2}}, pad = {{0, 4}}, offbeat = {{.5, .35}, {1.5, .35}, {2.5, .35}, {3.5, .35}},
  backbeat = {{1, .5}, {3, .5}}, stabs = {{0, .4}, {1.5, .4}, {2.75, .3}},
  strum = {{0, .5}, {1, .5}, {1.5, .5}, {2.5, .5}, {3, .5}, {3.5, .5}},
  power = {{0, .5}, {.5, .5}, {1, .5}, {1.5, .5}, {2, .5}, {2.5, .5}, {3, .5}, {3.5, .5}},
  syncopated = {{0, .7}, {.75, .7}, {1.5, 1}, {2.5, .5}, {3.25, .7}}, waltz = {{1, .8}, {2, .8}},
  arpeggio = {{0, .5}, {.5, .5}, {1, .5}, {1.5, .5}, {2, .5}, {2.5, .5}, {3, .5}, {3.5, .5}, notes = {1, 2, 3, 4, 3, 2, 3, 2}},
  alberti = {{0, .5}, {.5, .5}, {1, .5}, {1.5, .5}, {2, .5}, {2.5, .5}, {3, .5}, {3.5, .5}, notes = {1, 3, 2, 3, 1, 3, 2, 3}},
}

--- General MIDI programs (from 0) for each part.
patterns.programs = {
  bass = {32, 33, 34, 35, 36, 38, 39, 43}, power = {29, 30},
  comp = {0, 1, 2, 4, 5, 6, 7, 11, 15, 16, 17, 18, 19, 21, 24, 25, 26, 27, 28, 46},
  pad = {48, 49, 50, 51, 52, 53, 54, 88, 89, 90, 91, 92, 94, 95}, melody = {0, 4, 11, 12, 22, 25, 27, 29, 30, 40, 41, 42, 52,
    53, 54, 56, 57, 60, 61, 64, 65, 66, 68, 71, 72, 73, 74, 79, 80, 81, 85},
}

return patterns
