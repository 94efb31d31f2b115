// What was heard, on top of a map: sections, chords, beats, predictions. Each can be switched off.
import {colour} from "./dom.js";

const hues = ["hue-a", "hue-b", "hue-c", "hue-d", "hue-e", "hue-f"];
const strip = 20; // height of a strip of segments

export class Layers {
  constructor() {
    this.all = {}; // name -> {kind: "segments" | "beats", list, on}
  }

  colours() {
    this.hues = hues.map(colour);
    this.card = colour("card");
    this.ink = colour("ink");
  }

  // Segments {start, end, label}, in order of time.
  segments(name, list) {
    if (list?.length) this.all[name] = {kind: "segments", list, on: true, labels: [...new Set(list.map((one) => one.label))]};
  }

  // Moments; those that are among `strong` are drawn longer.
  beats(name, list, strong = []) {
    if (list?.length) this.all[name] = {kind: "beats", list, strong: new Set(strong), on: true};
  }

  // How much room the strips take above the map.
  height() {
    return Object.values(this.all).filter((layer) => layer.on && layer.kind === "segments").length * (strip + 2);
  }

  // The words of all layers at a moment.
  at(seconds) {
    let words = "";
    for (const layer of Object.values(this.all)) {
      if (layer.kind !== "segments" || !layer.on) continue;
      const found = layer.list.find((one) => one.start <= seconds && seconds < one.end);
      if (found) words += ` · ${found.label}`;
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
        top += strip + 2;
      }
    }
  }

  paintSegments(c, view, layer, top) {
    c.font = "12px system-ui, sans-serif";
    c.textBaseline = "middle";
    c.textAlign = "left";
    for (const one of layer.list) {
      const x = (one.start - view.start) / view.scale, width = (one.end - one.start) / view.scale;
      if (x > view.width || x + width < 0) continue;
      c.fillStyle = this.hues[layer.labels.indexOf(one.label) % this.hues.length];
      c.fillRect(x, top, width > 4 ? width - 1 : Math.max(width, 0.5), strip);
      const from = Math.max(x, 0), seen = Math.min(x + width, view.width) - from;
      if (seen < 16 || c.measureText(one.label).width > seen - 6) continue;
      c.fillStyle = this.card; // the paper is the other end of each hue's contrast
      c.fillText(one.label, from + 4, top + strip / 2 + 1);
    }
  }

  paintBeats(c, view, layer, bottom) {
    const every = view.scale < 0.06, any = view.scale < 0.25; // lines that would touch are not drawn
    for (const moment of layer.list) {
      const x = (moment - view.start) / view.scale, strong = layer.strong.has(moment);
      if (x < 0 || x > view.width || !(every || strong && any)) continue;
      c.fillStyle = strong ? "#ffffffcc" : "#ffffff80";
      c.fillRect(x, bottom - (strong ? 36 : 18), strong ? 1.5 : 1, strong ? 36 : 18);
    }
  }
}
