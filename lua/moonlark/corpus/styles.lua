--- Ten styles as data. To add one, add a table here: nothing else knows their names.
---
--- A pattern is one bar; its length is its resolution (16 characters in 4/4 are sixteenths, 12 triplets).
---   drums   X loud, x normal, o soft
---   comp    x strike and hold, s strike and damp, - stop, digits one note of the chord (1 is the lowest)
---   bass    1 3 5 7 chord tones, 8 the octave, a leads to the next chord's root, - stop
---   lead    x a note, - stop
---   .       in all of them: what was struck goes on
--- Progressions have one chord a bar, or two with a slash between; theory.lua explains the words.
--- Ranges {low, high} are drawn from once a clip; swing is 0.5, none, where it is left out. A word that stands twice
--- is drawn twice as often. Layers of a section: see compose.lua.
local styles = {}

local pop_forms = "verse chorus verse chorus, intro verse chorus bridge, verse bridge chorus, chorus verse chorus, "
  .. "bridge chorus verse"
local pentatonic = {major = "major_pentatonic", minor = "minor_pentatonic"}

styles.blues = {
  tempo = {72, 138}, meter = 4, major = 0.65, jitter_s = 0.008, scale = {major = "blues", minor = "blues"},
  progressions = {major = {"1:7 4:7 1:7 1:7 4:7 4:7 1:7 1:7 5:7 4:7 1:7 5:7", "1:7 1:7 4:7 1:7 5:7 4:7 1:7 5:7"},
    minor = {"1:min7 4:min7 1:min7 1:min7 4:min7 4:min7 1:min7 1:min7 b6:7 5:7 1:min7 5:7"}},
  drums = {
    {kick = "x.....x.....", snare = "...x.....x..", hat = "x.xx.xx.xx.x"},
    {kick = "x....xx.....", snare = "...x.....x..", ride = "x.xx.xx.xx.x"},
    {kick = "x.....x..x..", snare = "...x..o..x.o", hat = "xxxxxxxxxxxx"},
    {kick = "x.....x.....", snare = "..ox..o..x..", hat = "x..x..x..x.."},
  },
  light = "hat ride", fill = {snare = "......xxxxxx"}, kit = {tune = 1.0, decay = 1.1, bright = 0.8},
  bass = {sounds = "bass_finger bass_upright", low = 28,
    patterns = "1..3..5..3.. 1.15.57.75.5 1.....5....a 1..1..5..a.."},
  comp = {sounds = "organ organ piano", center = 57, strum_s = {0, 0.02},
    patterns = "x.s...x.s... ...s.....s.. x........... x.x.-.x.x.-. ..s...s....s"},
  lead = {sounds = "harmonica", low = 60, high = 81, rest = 0.2,
    rhythms = "..xx.xx..... x..x.xx..-.. ...x.xx.xx.. xxxx..-..... ......x.xx.x"},
  pad = {sounds = "organ", center = 62, chance = 0.35},
  forms = "verse solo verse, intro verse solo, verse break solo, solo verse",
  mix = {reverb = {0.1, 0.16}, room_s = {0.5, 0.8}, noise_db = {-52.8, -50.2}, tilt_db = {-4.5, -3.5},
    glue = {0.8, 1.6}},
}

styles.bossa = {
  tempo = {108, 168}, meter = 4, major = 0.55, jitter_s = 0.006, scale = {major = "major", minor = "dorian"},
  progressions = {major = {"1:maj7 2:7 2:min7 5:7", "1:maj9 6:min7 2:min9 5:9", "1:maj7 b3:dim7 2:min7 5:7",
      "4:maj7 4:min6 3:min7 6:7 2:min7 5:7 1:maj7 1:maj7"},
    minor = {"1:min7 4:min7 2:hdim7 5:7", "1:min9 b7:7 b6:maj7 5:7", "1:min7 1:min6 4:min7 5:7"}},
  drums = {
    {kick = "X..xX..x", rim = "x..x..x.", hat = "XoxoXoxo"},
    {kick = "X..xX..x", rim = "..x.x..x", shaker = "XoXoXoXo"},
    {kick_soft = "X..xX..x", conga_low = "x...x..x", conga_high = "..x...xx", shaker = "XoxoXoxoXoxoXoxo"},
    {kick_soft = "X...X...", brush = "..x...x.", hat = "x.x.x.x.", ride = "x.xx.xx."},
  },
  light = "shaker hat ride", fill = {conga_high = "....xxxx", rim = "....x.xx"},
  kit = {tune = 1.15, decay = 0.75, bright = 0.9},
  bass = {sounds = "bass_upright", low = 28, patterns = "1..55..5 1...5..5 1..5..a. 1..11..5"},
  comp = {sounds = "guitar_nylon guitar_nylon guitar_nylon electric_piano", center = 60, strum_s = {0, 0.012},
    patterns = "x..x..x. x.ss.s.s x.x..x.. 12341234 x.s..x.s"},
  lead = {sounds = "flute guitar_nylon flute", low = 64, high = 84, rest = 0.2,
    rhythms = "..x.x.x. x..x.x.. x...x.-. .x.xx... x......x"},
  pad = {sounds = "strings organ", center = 62, chance = 0.35},
  forms = "verse chorus solo, intro verse solo, verse break verse, solo break chorus",
  mix = {reverb = {0.1, 0.18}, room_s = {0.8, 1.2}, noise_db = {-64.5, -61.5}, tilt_db = {-1, 0}, glue = {0.4, 0.9}},
}

styles.classical = {
  tempo = {80, 172}, meter = 3, major = 0.6, jitter_s = 0.012, scale = {major = "major", minor = "harmonic_minor"},
  progressions = {major = {"1:maj 5:7 1:maj 4:maj 1:maj 5:7 1:maj 1:maj", "1:maj 6:min 2:min 5:7",
      "1:maj 4:maj 5:7 1:maj", "1:maj 2:min 5:7 1:maj 6:min 2:min 5:7 1:maj"},
    minor = {"1:min 5:7 1:min 4:min 1:min 5:7 1:min 1:min", "1:min b6:maj 2:dim 5:7",
      "1:min 4:min b7:maj b3:maj b6:maj 2:dim 5:7 1:min"}},
  drums = {
    {},
    {tom_low = "x.....", swish = "..x.x."},
    {snare_tight = "..o.o.", kick_soft = "x....."},
    {tambourine = "..o.o."},
  },
  light = "", fill = {}, kit = {tune = 0.9, decay = 1.2, bright = 0.8},
  bass = {sounds = "cello cello bass_upright", low = 36, patterns = "1..... 1...-. 1...5. 1.3.5."},
  comp = {sounds = "strings piano strings", center = 60, strum_s = {0, 0.01},
    patterns = "-.s.s. -.x.x. 123432 132323 x..... -.121."},
  lead = {sounds = "violin violin flute", low = 65, high = 88, rest = 0.12,
    rhythms = "x...x. x.x.x. x..... xxxxxx x..xxx ....x. x.xx.."},
  pad = {sounds = "strings brass flute", center = 64, chance = 0.5},
  forms = "verse chorus verse, verse bridge chorus, intro chorus bridge, chorus bridge verse",
  mix = {reverb = {0.24, 0.4}, room_s = {1.5, 2.4}, noise_db = {-70, -66}, tilt_db = {-3.4, -2.1}, glue = {0.3, 0.8}},
}

styles.country = {
  tempo = {88, 168}, meter = 4, major = 0.85, jitter_s = 0.007, scale = pentatonic,
  progressions = {major = {"1:maj 1:maj 4:maj 4:maj 1:maj 1:maj 5:maj 5:maj", "1:maj 4:maj 1:maj 5:7",
      "1:maj 5:maj 4:maj 1:maj", "1:maj 6:min 4:maj 5:7", "4:maj 1:maj 5:maj 1:maj"},
    minor = {"1:min b7:maj b6:maj b7:maj", "1:min b3:maj b7:maj 1:min"}},
  drums = {
    {kick = "x...x...x...x...", snare = "..x...x...x...x.", hat = "x.x.x.x.x.x.x.x."},
    {kick = "x.......x.......", snare = "o.oXo.oXo.oXo.oX", tambourine = "....x.......x..."},
    {kick = "x.......x.x.....", rim = "....x.......x...", shaker = "xoxoxoxoxoxoxoxo"},
    {kick = "x.....x.x.......", snare = "....x.......x...", hat = "x.x.x.x.x.x.x.x."},
    {brush = "o.xoo.xoo.xoo.xo", kick = "x...x...x...x..."},
  },
  light = "shaker hat brush", fill = {snare = "........x.x.xxxx"}, kit = {tune = 1.15, decay = 0.7, bright = 1.15},
  bass = {sounds = "bass_finger bass_pick", low = 28,
    patterns = "1...5...1...5... 1.......5....... 1...5...1...3.a. 1...1...5...5..."},
  comp = {sounds = "guitar_steel guitar_steel banjo", center = 58, strum_s = {0.006, 0.022},
    patterns = "..x.x.x...x.x.x. 1.3.2.3.1.3.2.3. 1324132413241324 x...x.xx..xxx.x. ....x.......x... x.......x......."},
  lead = {sounds = "steel_lead banjo violin", low = 62, high = 83, rest = 0.25,
    rhythms = "x...x.x.....x... x.x.x.x.x.x.x.x. ....x.x.x...-... x..x..x...x.x... x.......x..x...."},
  pad = {sounds = "steel_lead organ strings", center = 62, chance = 0.35},
  forms = pop_forms,
  mix = {reverb = {0.04, 0.1}, room_s = {0.4, 0.8}, noise_db = {-68, -64}, tilt_db = {2.1, 3.4}, glue = {0.5, 1.2}},
}

styles.hiphop = {
  tempo = {76, 118}, meter = 4, major = 0.3, swing = {0.5, 0.62}, jitter_s = 0.006, scale = pentatonic,
  progressions = {major = {"1:maj7 6:min7", "4:maj7 3:min7", "2:min7 1:maj7 2:min7 5:7", "1:maj 4:maj"},
    minor = {"1:min7 1:min7 4:min7 4:min7", "1:min b6:maj", "1:min9 5:min7", "1:min b7:maj b6:maj 5:7",
      "1:min7 4:min7 b7:7 b3:maj7"}},
  drums = {
    {kick_deep = "x.....x..x......", snare = "....x.......x...", hat = "x.x.x.x.x.x.x.x."},
    {kick_deep = "x..x......x..x..", clap = "....x.......x...", hat = "x.xxx.x.x.xxx.xo"},
    {kick = "x.......x.x.....", snare = "....x..o.o..x...", hat = "xoxoxoxoxoxoxoxo"},
    {kick_deep = "x.x......xx.....", snare_tight = "....x.......x..o", open_hat = "..............x.",
      hat = "x.x.x.x.x.x.x..."},
    {kick_deep = "x.........x.....", rim = "........x.......", hat = "xxoxxxoxxxoxxxxx"},
  },
  light = "hat", fill = {snare = "............xoxx", kick_deep = "........x......."},
  kit = {tune = 0.88, decay = 1.4, bright = 0.7},
  bass = {sounds = "bass_sub bass_sub bass_finger", low = 28,
    patterns = "1.....1..1...... 1..1......5..1.. 1.........8.1... 1.......1.1...a. 1.......5......."},
  comp = {sounds = "electric_piano piano electric_piano", center = 61, strum_s = {0, 0.015},
    patterns = "x............... ..x..s....x..s.. x..s......x..s.. 1...2...3...4... ....s.......s... x.....x........."},
  lead = {sounds = "flute electric_piano guitar_muted", low = 62, high = 82, rest = 0.2,
    rhythms = "x...x.....x..... ..x..x..x....... x..x..x.-....... ........x.x.x..."},
  pad = {sounds = "pad strings", center = 62, chance = 0.45},
  forms = "intro verse chorus, verse chorus break, break verse chorus, chorus verse",
  mix = {reverb = {0.02, 0.06}, room_s = {0.3, 0.6}, noise_db = {-50, -46}, crackle = {2, 12}, tilt_db = {-6.4, -5.1},
    glue = {1.2, 3}},
}

styles.house = {
  tempo = {112, 140}, meter = 4, major = 0.35, swing = {0.5, 0.56}, jitter_s = 0.001,
  scale = {major = "major_pentatonic", minor = "minor"},
  progressions = {major = {"1:maj7 4:maj7", "4:maj7 5:maj 6:min7 6:min7", "2:min7 5:7 1:maj7 6:min7"},
    minor = {"1:min7 1:min7 b6:maj7 b7:maj", "1:min9 4:min9", "1:min b7:maj 4:min b6:maj",
      "1:min7 1:min7 1:min7 1:min7"}},
  drums = {
    {kick_tight = "X...X...X...X...", clap = "....x.......x...", hat = "x...x...x...x...",
      open_hat = "..o...o...o...o."},
    {kick_tight = "X...X...X...X...", clap = "....x.......x...", hat = "xoxoxoxoxoxoxoxo",
      open_hat = "..o...o...o...o."},
    {kick_deep = "X...X...X...X...", snare_tight = "....x..o....x...", shaker = "xoxxxoxxxoxxxoxx",
      open_hat = "..o...o...o...o."},
    {kick_tight = "X...X...X...X...", rim = "...x..x....x..x.", hat = "x.o.x.o.x.o.x.o.",
      conga_high = ".x..x....x..x..."},
  },
  light = "hat shaker open_hat", fill = {snare_tight = "........x.x.xxxx", clap = "............x.x."},
  kit = {tune = 1.0, decay = 1.1, bright = 1.2},
  bass = {sounds = "bass_synth bass_synth bass_sub", low = 30,
    patterns = "1.1.1.1.1.1.1.1. 1..1..1...1..8.. ..1.8.1...1.8.1. 1.18..1.1.18..1. 1..5..7...8.5..."},
  comp = {sounds = "stab piano stab", center = 61, strum_s = 0,
    patterns = "s..s..s...s..s.. s.s...s.s.s...s. x.....x.....x... s..s....s..s.... 1.2.3.2.1.2.3.4."},
  lead = {sounds = "lead_synth stab lead_synth", low = 64, high = 84, rest = 0.25,
    rhythms = "x.x..x.x..x..... x..x..x..x..x.x. ....x.......x... xxxxxxxxxxxxxxxx ..x..x....x..x.."},
  pad = {sounds = "pad strings", center = 64, chance = 0.7},
  forms = "build drop break drop, intro build drop, drop break build drop, break build drop",
  mix = {reverb = {0.1, 0.2}, room_s = {1.0, 1.6}, noise_db = {-78, -74}, tilt_db = {2.1, 3.4}, glue = {1.5, 3.5}},
}

styles.jazz = {
  tempo = {84, 196}, meter = 4, major = 0.6, jitter_s = 0.009, scale = {major = "major", minor = "dorian"},
  progressions = {major = {"2:min7 5:7 1:maj7 1:maj7", "1:maj7/6:min7 2:min7/5:7", "1:maj7 4:7 3:min7/6:7 2:min7/5:7",
      "3:min7 6:7 2:min7 5:7"},
    minor = {"2:hdim7 5:7 1:min7 1:min7", "1:min6 4:min7 2:hdim7 5:7", "1:min7 b6:maj7 2:hdim7 5:7"}},
  drums = {
    {ride = "x..x.xx..x.x", kick = "o..o..o..o..", rim = "...o.....o.."},
    {ride = "x..x.xx..x.x", hat = "...x.....x..", snare = "..o.....o...", kick_soft = "x.....x....."},
    {brush = "x..x.xx..x.x", swish = "x..x..x..x..", kick_soft = "o.....o....."},
    {ride = "x.xx.xx.xx.x", hat = "...x.....x..", snare = "....o..o...o"},
  },
  light = "ride swish brush", fill = {snare = "......x.xx.x", tom_low = "........x..x"},
  kit = {tune = 1.2, decay = 1.4, bright = 1.0},
  bass = {sounds = "bass_upright", low = 28,
    patterns = "1..3..5..a.. 1..5..3..a.. 1..1.15..a.. 8..7..5..a.. 1.....5....."},
  comp = {sounds = "piano piano guitar_clean", center = 59, strum_s = {0, 0.008},
    patterns = "x.-..s...... ..s.....s... s..s..s..s.. .....s.....s x....s......"},
  lead = {sounds = "sax brass sax", low = 60, high = 84, rest = 0.2,
    rhythms = "x.xx.xx.xx.x ..xx.xx..-.. x..x.x.....x ...x.xx.xx.. x.x...x.x..."},
  pad = {sounds = "organ strings brass", center = 62, chance = 0.15},
  forms = "head solo head, intro head solo, solo break head, head break solo",
  mix = {reverb = {0.08, 0.17}, room_s = {0.7, 1.2}, noise_db = {-60.8, -58.2}, tilt_db = {-1, 0}, glue = {0.4, 0.9}},
}

styles.metal = {
  tempo = {92, 188}, meter = 4, major = 0.1, jitter_s = 0.004, scale = {major = "mixolydian", minor = "phrygian"},
  progressions = {major = {"1:5 b7:5 4:5 1:5", "1:5 4:5 5:5 4:5"},
    minor = {"1:5 1:5 b6:5 b7:5", "1:5 b2:5 1:5 b3:5", "1:5/b3:5 4:5/b2:5", "1:5 b6:5 b3:5 b7:5", "1:5 1:5 b2:5 b7:5"}},
  drums = {
    {kick_tight = "XxxxXxxxXxxxXxxx", snare = "....X.......X...", ride = "x.x.x.x.x.x.x.x."},
    {kick_tight = "X.xxX.xxX.xxX.xx", snare = "....X.......X...", hat = "X...X...X...X..."},
    {kick_tight = "X.x.X.x.x.x.x.x.", snare = ".x.x.x.x.x.x.x.x", ride = "x.x.x.x.x.x.x.x."},
    {kick = "x..x..x.x..x..x.", snare = "....X.......X...", open_hat = "x...x...x...x..."},
    {kick_tight = "x.....x.x.x.....", snare = "........X.......", crash = "x.......x......."},
  },
  light = "hat ride crash", fill = {tom_high = "........xxxx....", tom_low = "............xxxx"}, crash = true,
  kit = {tune = 0.88, decay = 0.75, bright = 1.3},
  bass = {sounds = "bass_pick", low = 26,
    patterns = "1111111111111111 1.111.111.111.11 1.1.1.1.1.1.1.1. 1..1..1.1..1..1. 1.......1......."},
  comp = {sounds = "guitar_drive guitar_chug guitar_drive", center = 45, low = true, strum_s = 0,
    patterns = "ssssssssssssssss s.sss.sss.sss.ss x......sx......s x..s..s.x..s..s. x.......x.ssx... s.s.s.s.s.s.x..."},
  lead = {sounds = "lead_drive", low = 64, high = 88, rest = 0.25,
    rhythms = "xxxxxxxxxxxxxxxx x...x...x.x.x... x.xxx.xxx.xxx.xx x.......x......."},
  pad = {sounds = "guitar_drive pad", center = 52, chance = 0.2},
  forms = pop_forms,
  mix = {reverb = {0.02, 0.07}, room_s = {0.6, 1.0}, noise_db = {-60, -56}, tilt_db = {1.6, 2.9}, glue = {2, 4}},
}

styles.reggae = {
  tempo = {70, 140}, meter = 4, major = 0.55, swing = {0.5, 0.6}, jitter_s = 0.007, scale = pentatonic,
  progressions = {major = {"1:maj 4:maj", "1:maj 5:maj 6:min 4:maj", "1:maj 2:min 1:maj 2:min",
      "1:maj 4:maj 5:maj 4:maj"},
    minor = {"1:min 4:min", "1:min b7:maj 1:min b7:maj", "1:min b6:maj b7:maj 1:min", "1:min7 4:min7"}},
  drums = {
    {kick = "........X.......", rim = "........X.......", hat = "x.x.x.x.x.x.x.x."},
    {kick = "x.......x.......", snare = "....o...X...o...", hat = "xoxxxoxxxoxxxoxx"},
    {kick_soft = "x...x...x...x...", rim = "........x.....x.", hat = "..x...x...x...x."},
    {kick_deep = "........X.......", snare_tight = "........x..o....", hat = "x.xxx.xxx.xxx.xo",
      conga_low = "......x.......x."},
  },
  light = "hat", fill = {tom_high = "........x.x.....", snare_tight = "............xxxx"},
  kit = {tune = 0.95, decay = 0.9, bright = 0.85},
  bass = {sounds = "bass_sub bass_finger", low = 28,
    patterns = "1...1.3.5...-... -...1.1.5.3.1... 1..1..5...-.3.5. 1.......-.1.3.5. 1.5.8.5.1.5.-..."},
  comp = {sounds = "organ guitar_muted organ", center = 62, strum_s = {0, 0.01}, echo = 0.35,
    patterns = "..s...s...s...s. ....s.......s... ..ss..ss..ss..ss ..s...s...s..ss. ..s.s.s...s.s.s."},
  lead = {sounds = "brass organ brass", low = 62, high = 82, rest = 0.2,
    rhythms = "x...x...x....... ..x.x.x...x..... ........x.x.x... x.....x.....-..."},
  pad = {sounds = "organ pad", center = 62, chance = 0.3},
  forms = pop_forms,
  mix = {reverb = {0.14, 0.26}, room_s = {1.0, 1.7}, noise_db = {-72, -68}, tilt_db = {-2, -1}, glue = {0.6, 1.4}},
}

styles.rock = {
  tempo = {92, 172}, meter = 4, major = 0.6, jitter_s = 0.006, scale = pentatonic,
  progressions = {major = {"1:maj 5:maj 6:min 4:maj", "1:maj b7:maj 4:maj 1:maj", "1:maj 4:maj 5:maj 4:maj",
      "6:min 4:maj 1:maj 5:maj", "1:maj 3:min 4:maj 5:maj"},
    minor = {"1:min b7:maj b6:maj b7:maj", "1:min b6:maj b3:maj b7:maj", "1:min 4:min b7:maj 1:min"}},
  drums = {
    {kick = "x.......x.x.....", snare = "....x.......x...", hat = "x.x.x.x.x.x.x.x."},
    {kick = "x.....x.x.x.....", snare = "....x.......x...", ride = "x.x.x.x.x.x.x.x."},
    {kick = "x..x....x..x....", snare = "....x..o....x..o", hat = "x.x.x.x.x.x.x.x."},
    {kick = "x.x.....x.x...x.", snare = "....X.......X...", open_hat = "x...x...x...x..."},
    {kick = "x...x...x...x...", snare = "....x.......x...", tambourine = "..x...x...x...x.", hat = "x.x.x.x.x.x.x.x."},
  },
  light = "hat ride open_hat tambourine", fill = {snare = "........xxxx....", tom_low = "............xxxx"},
  crash = true, kit = {tune = 0.95, decay = 1.2, bright = 1.05},
  bass = {sounds = "bass_pick bass_finger", low = 28,
    patterns = "1.1.1.1.1.1.1.1. 1.....1.1.1..... 1.......1...5.a. 1..1..1.1..1..5. 1.1.1.5.1.1.8.5."},
  comp = {sounds = "guitar_crunch guitar_crunch guitar_steel", center = 56, strum_s = {0.003, 0.018},
    patterns = "x...x.x...x.x... x.......x....... x.x.x.x.x.x.x.x. s.s.s.s.s.s.s.s. x..x..x.....x.x. 1.2.3.2.1.2.3.2."},
  lead = {sounds = "guitar_crunch lead_synth guitar_crunch", low = 62, high = 84, rest = 0.2,
    rhythms = "x...x.x...x..... x.x.x.xx..-..... ..x.x...x.x.x... x.......x..x...."},
  pad = {sounds = "organ strings pad", center = 60, chance = 0.35},
  forms = pop_forms,
  mix = {reverb = {0.06, 0.13}, room_s = {0.6, 1.0}, noise_db = {-66.2, -62.8}, tilt_db = {-0.5, 0.5},
    glue = {0.9, 2.2}},
}

-- Lists of words are written as texts.
local function words(text)
  local list = {}
  for word in text:gmatch "%S+" do list[#list + 1] = word end
  return list
end

for _, style in pairs(styles) do
  style.light, style.swing = words(style.light), style.swing or 0.5
  for _, part in ipairs {style.bass, style.comp, style.lead, style.pad} do
    for _, field in ipairs {"sounds", "patterns", "rhythms"} do part[field] = part[field] and words(part[field]) end
  end
  local forms = {}
  for form in style.forms:gmatch "[^,]+" do forms[#forms + 1] = words(form) end
  style.forms = forms
end

return styles
