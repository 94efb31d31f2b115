// What was heard, on top of a map: sections, chords, predictions as strips, beats as lines. Each can be switched off.
import {colour} from "./dom.js";

const hues = ["hue-a", "hue-b", "hue-c", "hue-d", "hue-e", "hue-f"];
const strip = 22, gap = 2; // heights of a strip of segments and of what is between two
const closest = 5; // pixels between lines; those that would be closer are left out

// The number of the first that lies at or after a moment.
function first(list, seconds, time) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time(list[middle]) < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Layers {
  constructor() {
    this.all = {}; // name -> {kind: "segments" | "beats", list, on}
  }

  colours() {
    this.hues = hues.map(colour);
    this.paper = colour("card");
    this.ink = colour("ink");
  }

  // Segments {start, end, label}, in order of time. Labels that last longest get the first hues.
  segments(name, list) {
    if (!list?.length) return;
    const lasts = new Map();
    for (const one of list) lasts.set(one.label, (lasts.get(one.label) ?? 0) + one.end - one.start);
    const labels = [...lasts].sort((a, b) => b[1] - a[1]).map(([label]) => label);
    this.all[name] = {kind: "segments", list, on: true, hue: new Map(labels.map((label, i) => [label, i % hues.length]))};
  }

  // Moments, drawn as lines so many pixels long and so strong.
  beats(name, list, length, strength) {
    if (list?.length) this.all[name] = {kind: "beats", list, length, strength, on: true};
  }

  // How much room the strips take above the map.
  height() {
    return Object.values(this.all).filter((layer) => layer.on && layer.kind === "segments").length * (strip + gap);
  }

  // The words of all layers at a moment.
  at(seconds) {
    let words = "";
    for (const layer of Object.values(this.all)) {
      if (layer.kind !== "segments" || !layer.on) continue;
      const found = layer.list[first(layer.list, seconds, (one) => one.end)];
      if (found && found.start <= seconds) words += ` · ${found.label}`;
    }
    return words;
  }

  // Strips from the top of the canvas, beats at the bottom of the map.
  paint(c, view, bottom) {
    let top = 0;
    for (const layer of Object.values(this.all)) {
      if (!layer.on) continue;
      if (layer.kind === "beats") this.paintBeats(c, view, layer, bottom);
      else {
        this.paintSegments(c, view, layer, top);
        top += strip + gap;
      }
    }
  }

  paintSegments(c, view, layer, top) {
    c.font = "12px system-ui, sans-serif";
    c.textBaseline = "middle";
    c.textAlign = "left";
    c.fillStyle = this.paper;
    c.fillRect(-view.start / view.scale, top, view.duration / view.scale, strip);
    const end = view.start + view.width * view.scale;
    for (let i = first(layer.list, view.start, (one) => one.end); i < layer.list.length && layer.list[i].start < end; i++) {
      this.paintSegment(c, view, layer, layer.list[i], top);
    }
  }

  // A wash of the label's hue, a line of it below, and the label where it fits.
  paintSegment(c, view, layer, one, top) {
    const x = Math.max((one.start - view.start) / view.scale, 0), right = Math.min((one.end - view.start) / view.scale, view.width);
    const width = Math.max(right - x - 1, 0.5);
    c.fillStyle = this.hues[layer.hue.get(one.label)];
    c.globalAlpha = 0.2;
    c.fillRect(x, top, width, strip);
    c.globalAlpha = 1;
    c.fillRect(x, top + strip - 2, width, 2);
    if (width < 12 || c.measureText(one.label).width > width - 7) return;
    c.fillStyle = this.ink;
    c.fillText(one.label, x + 4, top + strip / 2);
  }

  paintBeats(c, view, {list, length, strength}, bottom) {
    const usual = (list.at(-1) - list[0]) / (list.length - 1);
    if (usual / view.scale < closest) return;
    c.fillStyle = "#fff";
    c.globalAlpha = strength;
    const end = view.start + view.width * view.scale;
    for (let i = first(list, view.start, (moment) => moment); i < list.length && list[i] < end; i++) {
      c.fillRect((list[i] - view.start) / view.scale - 0.5, bottom - length, 1, length);
    }
    c.globalAlpha = 1;
  }
}
