// What was heard in a song, card by card. What was not heard has no card.
import {el, svg} from "./dom.js";
import {chord, fixed, hasFlats, musical, percent} from "./words.js";

export function card(title, ...children) {
  return el("section", {class: "card"}, el("h2", {}, title), children);
}

// A share as a bar with its words.
export function bar(label, share, text = percent(share)) {
  return el("div", {class: "bar"}, el("span", {}, label),
    svg("svg", {viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true"},
      svg("rect", {width: 100, height: 8, rx: 2, class: "track"}),
      svg("rect", {width: Math.max(Math.min(100 * share, 100), 0), height: 8, rx: 2, class: "fill"})),
    el("span", {class: "number"}, text));
}

const hues = ["a", "b", "c", "d", "e", "f"];

const big = (text, unit) => el("p", {class: "big number"}, text, unit && el("small", {}, ` ${unit}`));
const ranked = (shares) => Object.entries(shares).sort((a, b) => b[1] - a[1]);
const facts = (pairs) => el("dl", {}, pairs.filter(([, value]) => value !== undefined && value !== null)
  .flatMap(([name, value]) => [el("dt", {}, name), el("dd", {class: "number"}, value)]));
const measured = (value, digits, unit) => value === undefined || value === null ? undefined : `${fixed(value, digits)} ${unit}`;

function genre(result, predicted) {
  if (predicted?.probabilities) {
    return card("Genre", big(predicted.label), ranked(predicted.probabilities).slice(0, 5).map(([name, p]) => bar(name, p)));
  }
  if (!result.genre_rules?.scores) return null;
  return card("Genre", ranked(result.genre_rules.scores).slice(0, 5).map(([name, p]) => bar(name, p)),
    el("p", {class: "soft"}, "By rules of thumb: no model is loaded."));
}

function tempo(result) {
  if (!result.tempo) return null;
  const others = (result.tempo_candidates ?? []).slice(1, 3).map((one) => Math.round(one.bpm)).join(", ");
  return card("Tempo", big(Math.round(result.tempo), "BPM"), facts([["Beats in a bar", result.meter],
    ["Beats", result.beats?.length], ["How sure", result.beats_confidence && percent(result.beats_confidence)], ["Or", others || undefined]]));
}

function key(result) {
  if (!result.key?.tonic) return null;
  const second = result.key.second;
  return card("Key", big(musical(`${result.key.tonic} ${result.key.mode}`)), bar("how sure", result.key.confidence),
    second && bar(`or ${musical(`${second.tonic} ${second.mode}`)}`, second.confidence));
}

function mood(result) {
  if (!result.mood) return null;
  const words = {energy: "energy", valence: "brightness", arousal: "excitement", danceability: "danceability"};
  return card("Mood", Object.keys(words).filter((name) => result.mood[name]).map((name) => bar(words[name], result.mood[name].value)),
    result.mood.valence?.experimental && el("p", {class: "soft"}, "Brightness is a first try."));
}

// How long each label lasts, as a share of the whole.
export function shares(segments) {
  const sums = {};
  let whole = 0;
  for (const one of segments) {
    sums[one.label] = (sums[one.label] ?? 0) + one.end - one.start;
    whole += one.end - one.start;
  }
  return ranked(sums).map(([label, seconds]) => [label, seconds / whole]);
}

function chords(result) {
  const list = result.chords?.filter((one) => one.label !== "N");
  const flats = hasFlats(result.key);
  return list?.length ? card("Chords", shares(list).slice(0, 6).map(([label, share]) => bar(chord(label, flats), share))) : null;
}

function structure(result) {
  if (!result.sections?.length) return null;
  const {sections} = result, whole = sections.at(-1).end, order = [...new Set(sections.map((one) => one.label))];
  const form = svg("svg", {viewBox: "0 0 100 10", preserveAspectRatio: "none", class: "form", "aria-hidden": "true"}, sections.map((one) =>
    svg("rect", {x: 100 * one.start / whole, width: Math.max(100 * (one.end - one.start) / whole - 0.6, 0.3), height: 10,
      class: hues[order.indexOf(one.label) % hues.length]})));
  const letters = sections.length <= 16 ? sections.map((one) => one.label).join(" ") : `${sections.length} sections`;
  return card("Structure", el("p", {class: "letters"}, letters), form,
    shares(sections).slice(0, 5).map(([label, share]) => bar(label, share)));
}

function loudness(result) {
  const l = result.loudness;
  return l ? card("Loudness", big(typeof l.integrated === "number" ? fixed(l.integrated, 1) : "–", "LUFS"),
    facts([["Range", measured(l.range, 1, "LU")], ["True peak", measured(l.true_peak, 1, "dBTP")]])) : null;
}

function quality(result) {
  const q = result.quality;
  if (!q) return null;
  const faults = (Array.isArray(q.faults) ? q.faults : []).map((fault) => el("li", {}, typeof fault === "string" ? fault : fault.says ?? fault.text ?? fault.kind));
  return card("Quality", faults.length ? el("ul", {class: "faults"}, faults) : el("p", {}, "No fault was found."),
    facts([["Rate", q.rate && `${q.rate} Hz`], ["Channels", q.channels], ["Highest frequency", q.cutoff_hz && `${Math.round(q.cutoff_hz)} Hz`],
      ["Clipped samples", q.clipped_samples], ["Dynamic range", measured(q.dynamic_range_db, 0, "dB")], ["Above the noise", measured(q.snr_db, 0, "dB")]]));
}

function voice(result) {
  return result.voice?.length ? card("Voice", shares(result.voice).map(([label, share]) => bar(label, share))) : null;
}

// All cards of a song.
export function cards(result, predicted) {
  return el("div", {class: "cards"}, [genre(result, predicted), tempo(result), key(result), mood(result), chords(result),
    structure(result), loudness(result), voice(result), quality(result)].filter(Boolean));
}
