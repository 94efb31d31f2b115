// A song's sound with a map that goes along with it, and what was heard on top.
import {get} from "./api.js";
import {el} from "./dom.js";
import {Layers} from "./layers.js";
import {Spectrogram} from "./spectrogram.js";
import {chord, hasFlats} from "./words.js";

const kinds = {mel: "mel", cqt: "constant Q", chroma: "chroma", tonnetz: "tonnetz"};

// Segments that say the same, one after the other, as one.
function joined(list) {
  const made = [];
  for (const one of list ?? []) {
    const before = made.at(-1);
    if (before?.label === one.label) before.end = one.stop;
    else made.push({label: one.label, start: one.start, end: one.stop});
  }
  return made;
}

// The layers of what was heard.
function layersOf({result, predicted}) {
  const layers = new Layers(), flats = hasFlats(result?.key);
  layers.segments("sections", result?.sections);
  layers.segments("chords", result?.chords?.map((one) => ({...one, label: chord(one.label, flats)})));
  if (result?.voice?.length > 1) layers.segments("voice", result.voice);
  layers.segments("predictions", joined(predicted?.segments));
  layers.beats("beats", result?.beats, 14, 0.55);
  layers.beats("downbeats", result?.downbeats, 34, 0.85);
  return layers;
}

// The buttons that switch layers off and on.
function switches(view, layers) {
  return Object.keys(layers.all).map((name) => el("button", {type: "button", class: "chip", "aria-pressed": "true",
    onclick: (event) => {
      const on = layers.all[name].on = !layers.all[name].on;
      event.currentTarget.setAttribute("aria-pressed", on);
      view.fitHeight();
    }}, name));
}

// Lets the map follow the sound. Returns what ends that.
function tie(sound, view) {
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
  return () => cancelAnimationFrame(running);
}

// Chooses a map: mel, constant Q …; says what it waits for.
function chooser(song, view) {
  const wait = el("span", {class: "soft", role: "status"});
  async function show(kind) {
    wait.textContent = `The ${kinds[kind]} map is being made …`;
    const address = `/v1/songs/${song.id}/maps/${kind}`;
    const about = await get(address).catch((problem) => { wait.textContent = problem.message; });
    if (!about || choose.value !== kind) return;
    wait.textContent = "";
    view.show(address, about);
  }
  const choose = el("select", {"aria-label": "Map", onchange: () => show(choose.value)},
    Object.entries(kinds).map(([kind, name]) => el("option", {value: kind}, name)));
  show("mel");
  return [choose, wait];
}

// Returns {element, view, heard(song), close()}; `span`: seconds that the axis of time is long, if not as long as the song.
export function player(song, {height = 300, span} = {}) {
  const layers = layersOf(song), duration = song.result?.duration ?? song.duration;
  const sound = el("audio", {controls: true, preload: "metadata", src: `/v1/songs/${song.id}/audio`, "aria-label": song.name});
  const seek = (seconds) => { sound.currentTime = seconds; view.moved(seconds); };
  const view = new Spectrogram(duration, {seek, layers, height, span, label: `Position in ${song.name}`});
  const untie = tie(sound, view), [choose, wait] = chooser(song, view);
  const zoom = (name, label, factor) => el("button", {type: "button", class: "quiet square", "aria-label": label, title: label,
    onclick: () => view.zoom(factor, Math.min(Math.max((view.cursor - view.start) / view.scale, 0), view.width))}, name);
  const chips = el("div", {class: "row chips", role: "group", "aria-label": "Layers"}, switches(view, layers));
  const element = el("section", {class: "player", "aria-label": `Sound and maps of ${song.name}`}, sound,
    el("div", {class: "row tools"}, choose, zoom("+", "Zoom in", 0.5), zoom("−", "Zoom out", 2),
      el("button", {type: "button", class: "quiet", onclick: () => view.look(0, Infinity)}, "whole"), chips, wait),
    view.canvas, view.readout);
  return {element, view, sound,
    heard(known) {
      const now = layersOf(known);
      view.overlay(now);
      chips.replaceChildren(...switches(view, now));
    },
    close() { untie(); sound.pause(); sound.removeAttribute("src"); sound.load(); view.close(); }};
}
