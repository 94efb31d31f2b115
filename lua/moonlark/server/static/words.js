// Times, shares, notes and chords as people write them.

// 3:05, 1:02:03; with `fine` tenths, too.
export function clock(seconds, fine = false) {
  const whole = fine ? Math.floor(seconds * 10) / 10 : Math.floor(seconds);
  const h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60;
  const s = (whole % 60).toFixed(fine ? 1 : 0).padStart(fine ? 4 : 2, "0");
  return h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

// A number with so many digits after the point, and a minus as long as a plus.
export const fixed = (value, digits) => value.toFixed(digits).replace("-", "−");

export const percent = (share) => `${Math.round(100 * share)} %`;

export const hertz = (value) => value >= 1000 ? `${+(value / 1000).toFixed(1)} kHz` : `${Math.round(value)} Hz`;

// Sharps and flats as musicians write them: "Db major" is D♭ major.
export function musical(label) {
  return label.replace(/^([A-G])b/, "$1♭").replace(/^([A-G])#/, "$1♯");
}

// Seconds that are round.
export const timeSteps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

const sharps = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const flats = ["C", "D♭", "D", "E♭", "E", "F", "G♭", "G", "A♭", "A", "B♭", "B"];
const degrees = {C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11};

// The note next to a frequency: 440 is A4.
export function note(hz) {
  const midi = Math.round(69 + 12 * Math.log2(hz / 440));
  return midi >= 0 ? sharps[midi % 12] + (Math.floor(midi / 12) - 1) : "";
}

const flatKeys = new Set(["F major", "D minor", "G minor", "C minor", "F minor"]);

// Whether what is in this key is written with flats.
export function hasFlats(key) {
  return Boolean(key?.tonic) && (/b$/.test(key.tonic) || flatKeys.has(`${key.tonic} ${key.mode}`));
}

const qualities = {maj: "", min: "m", maj7: "maj7", min7: "m7", 7: "7", dim: "dim", aug: "aug", hdim7: "ø7", dim7: "dim7", minmaj7: "m(maj7)", maj6: "6", min6: "m6"};

// A chord of Harte's, as it stands over a line of a song: "C#:min7" is C♯m7, in a key of flats D♭m7.
export function chord(label, inFlats) {
  const [, letter, sign, rest] = label.match(/^([A-G])([#b]*)(.*)$/) ?? [];
  if (!letter) return label === "N" || label === "X" ? "no chord" : label;
  let step = degrees[letter];
  for (const one of sign) step += one === "#" ? 1 : -1;
  const root = (inFlats ? flats : sharps)[(step + 24) % 12], [quality, bass] = rest.replace(/^:/, "").split("/");
  return root + (qualities[quality] ?? quality) + (bass ? `/${bass}` : "");
}
