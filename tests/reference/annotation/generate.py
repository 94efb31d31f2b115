"""Freezes files of reference libraries, and what they read: pretty_midi 0.2.11, textgrid 1.6.1, jams 0.3.5.

    python3 tests/reference/annotation/generate.py

song.mid has tempi and time signatures that change, 6/8 and 7/8, two instruments and drums; song.json
holds its notes and beats as pretty_midi reads them. song.TextGrid is textgrid's, song.jams is jams's.
"""
import json
import pathlib

import jams
import mido
import pretty_midi
import textgrid

here = pathlib.Path(__file__).parent
TICKS = 480


def score():
    song = mido.MidiFile(ticks_per_beat=TICKS)
    head = mido.MidiTrack()
    at = 0
    for tick, message in [
            (0, mido.MetaMessage("set_tempo", tempo=500000)),
            (0, mido.MetaMessage("time_signature", numerator=3, denominator=4)),
            (6 * TICKS, mido.MetaMessage("time_signature", numerator=6, denominator=8)),
            (7 * TICKS + 123, mido.MetaMessage("set_tempo", tempo=413793)),
            (12 * TICKS, mido.MetaMessage("time_signature", numerator=7, denominator=8)),
            (14 * TICKS, mido.MetaMessage("set_tempo", tempo=612345)),
            (19 * TICKS, mido.MetaMessage("time_signature", numerator=4, denominator=4))]:
        message.time, at = tick - at, tick
        head.append(message)
    song.tracks.append(head)
    for channel, name, program, pitches in [
            (0, "Piano", 0, [60, 64, 67, 64]), (1, "Bass", 33, [36, 43]), (9, "Kit", 0, [36, 38, 42])]:
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name),
                                mido.Message("program_change", channel=channel, program=program)])
        for i in range(31):
            pitch = pitches[i % len(pitches)]
            track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=40 + 2 * i, time=30 * (i % 3)))
            # A note on without velocity is a note off.
            track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=0, time=360 - 30 * (i % 2)))
        song.tracks.append(track)
    song.save(here / "song.mid")


def read_score():
    song = pretty_midi.PrettyMIDI(str(here / "song.mid"))
    return {
        "instruments": [{"name": one.name, "drums": bool(one.is_drum),
                         "notes": [[float(n.start), float(n.end), int(n.pitch), int(n.velocity)]
                                   for n in sorted(one.notes, key=lambda n: n.start)]}
                        for one in song.instruments],
        "beats": song.get_beats().tolist(), "downbeats": song.get_downbeats().tolist(),
    }


def tiers():
    grid = textgrid.TextGrid("song", 0, 4)
    words = textgrid.IntervalTier("words", 0, 4)
    words.add(0.5, 1.25, 'la "la"')
    words.add(1.25, 2, "oh")
    words.add(3, 3.5, "čas")
    points = textgrid.PointTier("beats", 0, 4)
    for i in range(4):
        points.add(0.25 + 0.5 * i, str(i + 1))
    grid.extend([words, points])
    grid.write(here / "song.TextGrid")


def observations():
    made = jams.JAMS()
    made.file_metadata.duration = 4
    chords = jams.Annotation("chord", time=0, duration=4)
    chords.append(time=0, duration=1.5, value="C:maj", confidence=0.75)
    chords.append(time=1.5, duration=2.5, value="A:min7/b3")
    beats = jams.Annotation("beat", time=0, duration=4)
    for i in range(4):
        beats.append(time=0.25 + 0.5 * i, duration=0, value=i + 1)
    made.annotations.extend([chords, beats])
    made.save(str(here / "song.jams"))


score()
tiers()
observations()
(here / "song.json").write_text(json.dumps(read_score()) + "\n")
