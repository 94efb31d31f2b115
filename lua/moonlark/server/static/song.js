// The view of one song: its sound, its maps with what was heard on top, cards, tables.
import {get} from "./api.js";
import {cards} from "./cards.js";
import {chart} from "./chart.js";
import {clock, el, musical} from "./dom.js";
import {Layers} from "./layers.js";
import {adopt, hear, watch} from "./shelf.js";
import {Spectrogram} from "./spectrogram.js";

const kinds = {mel: "mel", cqt: "constant Q", chroma: "chroma", tonnetz: "tonnetz"};

const ends = (list) => list?.map((one) => ({...one, end: one.end ?? one.stop}));

// The layers of what was heard.
export function layersOf(song) {
  const layers = new Layers(), r = song.result ?? {};
  layers.segments("sections", r.sections);
  layers.segments("chords", r.chords?.map((one) => ({...one, label: musical(one.label)})));
  layers.segments("voice", r.voice?.length > 1 ? r.voice : undefined);
  layers.segments("predictions", ends(song.predicted?.segments));
  layers.beats("beats", r.beats, r.downbeats);
  return layers;
}

// A song's sound with a map that goes along with it. Returns {element, close, view}.
export function player(song, height = 300) {
  const layers = layersOf(song), duration = song.result?.duration ?? song.duration;
  const sound = el("audio", {controls: true, preload: "metadata", src: `/v1/songs/${song.id}/audio`, "aria-label": song.name});
  const seek = (seconds) => { sound.currentTime = seconds; view.moved(seconds); };
  const view = new Spectrogram(duration, {seek, layers, height, label: `Position in ${song.name}`});
  let running;
  const follow = () => { view.moved(sound.currentTime, true); running = requestAnimationFrame(follow); };
  sound.addEventListener("play", () => { cancelAnimationFrame(running); follow(); });
  sound.addEventListener("pause", () => cancelAnimationFrame(running));
  sound.addEventListener("seeked", () => view.moved(sound.currentTime));
  view.canvas.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    if (sound.paused) sound.play(); else sound.pause();
  });

  const wait = el("p", {class: "soft", role: "status"});
  async function showMap(kind) {
    wait.textContent = `The ${kinds[kind]} map is being made …`;
    const address = `/v1/songs/${song.id}/maps/${kind}`;
    try {
      view.show(address, await get(address));
      wait.textContent = "";
    } catch (problem) {
      wait.textContent = problem.message;
    }
  }
  const choose = el("select", {"aria-label": "Map", onchange: () => showMap(choose.value)},
    Object.entries(kinds).map(([kind, name]) => el("option", {value: kind}, name)));
  const zoom = (name, label, factor) => el("button", {type: "button", class: "quiet", "aria-label": label,
    onclick: () => view.zoom(factor, Math.min(Math.max((view.cursor - view.start) / view.scale, 0), view.width))}, name);
  const switches = Object.keys(layers.all).map((name) => el("button", {type: "button", class: "quiet", "aria-pressed": "true",
    onclick: (event) => {
      const on = layers.all[name].on = !layers.all[name].on;
      event.currentTarget.setAttribute("aria-pressed", on);
      view.fitHeight();
    }}, name));
  showMap("mel");
  const element = el("section", {class: "player", "aria-label": `Sound and maps of ${song.name}`}, sound, view.canvas, view.readout,
    el("div", {class: "row"}, choose, zoom("+", "Zoom in", 0.5), zoom("−", "Zoom out", 2),
      el("button", {type: "button", class: "quiet", onclick: () => view.look(0, Infinity)}, "whole"), switches), wait);
  return {element, view, sound, close() { cancelAnimationFrame(running); sound.pause(); view.close(); }};
}

// The same as the picture shows, as tables.
function tables(result) {
  const segments = (title, list) => list?.length && el("details", {}, el("summary", {}, `${title} (${list.length})`),
    el("div", {class: "scroll"}, el("table", {}, el("thead", {}, el("tr", {}, ["from", "to", "what"].map((name) => el("th", {scope: "col"}, name)))),
      el("tbody", {}, list.map((one) => el("tr", {}, el("td", {class: "number"}, clock(one.start, true)),
        el("td", {class: "number"}, clock(one.end, true)), el("td", {}, musical(one.label))))))));
  return el("div", {class: "tables"}, segments("Sections", result.sections), segments("Chords", result.chords), segments("Voice", result.voice));
}

// How sure the model was of its likeliest classes, segment by segment.
function overTime(predicted, width) {
  const segments = predicted?.segments?.filter((one) => one.probabilities);
  if (!(segments?.length > 1)) return null;
  const names = Object.entries(predicted.probabilities).sort((a, b) => b[1] - a[1]).slice(0, 5).map(([name]) => name);
  const series = Object.fromEntries(names.map((name) => [name,
    segments.map((one) => [(one.start + (one.end ?? one.stop)) / 2, one.probabilities[name] ?? 0])]));
  return el("section", {class: "card wide"}, chart("Confidence over time", series, {low: 0, high: 1, say: clock, width}));
}

export async function songView(place, id) {
  const song = await adopt(id);
  let shown = {close() {}}, sign;
  function show() {
    const now = `${song.state} ${Boolean(song.result)} ${Boolean(song.predicted)}`;
    if (now === sign) {
      const bar = place.querySelector("progress");
      if (bar) bar.value = song.progress;
      return;
    }
    sign = now;
    shown.close();
    shown = {close() {}};
    place.replaceChildren(el("h1", {}, song.name));
    if (song.state === "failed") place.append(el("p", {class: "fault", role: "alert"}, song.fault));
    else if (!song.result) place.append(el("p", {}, "It is being heard …"), el("progress", {max: 1, value: song.progress ?? 0, "aria-label": "Progress"}));
    else {
      shown = player(song);
      const report = song.analysis && el("a", {href: `/v1/analyses/${song.analysis}/report`, target: "_blank"}, "Report");
      place.append(shown.element, cards(song.result, song.predicted), overTime(song.predicted, place.clientWidth - 34) ?? "", tables(song.result),
        el("p", {class: "row"}, report, el("a", {href: `data:application/json,${encodeURIComponent(JSON.stringify(song.result, null, 2))}`,
          download: `${song.name}.json`}, "Everything as JSON")));
    }
  }
  const unwatch = watch((one) => one === song && show());
  if (!song.result) hear(song);
  show();
  return () => { unwatch(); shown.close(); };
}
