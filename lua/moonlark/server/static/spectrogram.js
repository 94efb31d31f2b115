// A map of a song on a canvas: scrolls, zooms, shows where the sound is, and what was heard on top of it.
//
// The view is `start` (s) and `scale` (s a pixel). Each drawing takes the coarsest zoom whose columns are no wider than a
// pixel of the screen; what has not come yet is drawn from coarser tiles that have.
import {colour, el} from "./dom.js";
import {Tiles} from "./tiles.js";
import {clock, hertz, note, timeSteps as steps} from "./words.js";

const finest = 0.002; // seconds a pixel
const ruler = 20; // pixels under the map, for the time
const bar = 4; // pixels below, which show where in the song one is

const round = [100, 200, 500, 1000, 2000, 5000, 10000];
const hint = matchMedia("(pointer: coarse)").matches ? "Drag to scroll, pinch to zoom, touch to choose a moment."
  : "Drag to scroll, Ctrl and wheel to zoom; keys: arrows, Page, Home, End, + and −.";

export class Spectrogram {
  // `seek(seconds)` is called when a person chooses a moment; `layers`: see layers.js; `span`: how long the axis of time
  // is, where it is longer than the song.
  constructor(duration, {seek, layers, height = 300, label, span = duration}) {
    Object.assign(this, {duration, span, seek, layers, height, start: 0, scale: 0, cursor: 0, width: 0, top: 0, device: 1});
    this.canvas = el("canvas", {tabindex: 0, role: "slider", "aria-label": label, "aria-valuemin": 0,
      "aria-valuemax": Math.round(duration), class: "map"});
    this.readout = el("p", {class: "readout number soft", "aria-hidden": "true"}, hint);
    this.context = this.canvas.getContext("2d", {alpha: false});
    this.colours();
    this.listen();
    this.moved(0);
  }

  colours() {
    this.palette = Object.fromEntries(["paper", "soft", "accent", "line", "wash"].map((name) => [name, colour(name)]));
    this.layers.colours();
    this.draw();
  }

  // What was heard has come, or was heard anew.
  overlay(layers) {
    this.layers = layers;
    layers.colours();
    this.fitHeight();
  }

  // Shows another map; `about` is null while there is none.
  show(address, about) {
    this.tiles?.close();
    this.tiles = about && new Tiles(address, about, () => this.draw());
    this.draw();
  }

  // --- the view ---------------------------------------------------------------------

  fit(width) {
    const whole = !this.scale || Math.abs(this.scale * this.width - this.span) < 1e-6, device = devicePixelRatio || 1;
    this.width = width;
    this.canvas.width = Math.round(width * device);
    this.fitHeight(device);
    this.device = device;
    this.look(this.start, whole ? this.span / width : this.scale);
  }

  // Strips of segments stand above the map, so its height goes with what is switched on.
  fitHeight(device = this.device) {
    this.top = this.layers.height();
    const whole = this.top + this.height + ruler + bar;
    this.canvas.height = Math.round(whole * device);
    this.canvas.style.height = `${whole}px`;
    this.draw();
  }

  look(start, scale) {
    const widest = this.span / this.width;
    this.scale = Math.min(Math.max(scale, Math.min(finest, widest)), widest);
    this.start = Math.min(Math.max(start, 0), Math.max(this.span - this.scale * this.width, 0));
    this.onlook?.(this.start, this.scale);
    this.draw();
  }

  // Zooms by a factor around a pixel, which stays where it is.
  zoom(factor, x = this.width / 2) {
    const at = this.start + x * this.scale, widest = this.span / this.width;
    const scale = Math.min(Math.max(this.scale * factor, Math.min(finest, widest)), widest);
    this.look(at - x * scale, scale);
  }

  // The sound is at a moment; a view that follows it turns its pages.
  moved(seconds, follow = false) {
    this.cursor = seconds;
    this.canvas.setAttribute("aria-valuenow", Math.round(seconds));
    this.canvas.setAttribute("aria-valuetext", `${clock(seconds)} of ${clock(this.duration)}`);
    const seen = this.width * this.scale;
    if (follow && (seconds < this.start || seconds > this.start + seen)) this.look(seconds - 0.05 * seen, this.scale);
    else this.draw();
  }

  // --- drawing ----------------------------------------------------------------------

  draw() {
    if (this.drawing || !this.width) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = undefined;
      this.paint();
    });
  }

  paint() {
    const c = this.context;
    c.setTransform(this.device, 0, 0, this.device, 0, this.top * this.device); // the map's upper edge is 0
    c.fillStyle = this.palette.paper;
    c.fillRect(0, -this.top, this.width, this.top + this.height + ruler + bar);
    c.fillStyle = this.tiles ? "#000004" : this.palette.wash; // where the palette begins
    c.fillRect(0, 0, Math.min((this.duration - this.start) / this.scale, this.width), this.height);
    if (this.tiles) this.paintTiles(c);
    if (this.tiles) this.paintAxis(c);
    this.paintRuler(c);
    this.paintBar(c);
    this.paintCursor(c);
    c.translate(0, -this.top);
    this.layers.paint(c, this, this.top + this.height);
  }

  paintTiles(c) {
    const {about} = this.tiles, column = about.seconds_per_column;
    const zoom = Math.min(Math.max(Math.floor(Math.log2(this.scale / this.device / column) + 1e-9), 0), about.zooms - 1);
    const tile = column * 2 ** zoom * about.tile, first = Math.floor(this.start / tile), wanted = [];
    const last = Math.min(Math.floor((this.start + this.width * this.scale) / tile), this.tiles.count(zoom) - 1);
    c.imageSmoothingEnabled = this.scale * this.device > column;
    for (let index = first; index <= last; index++) {
      wanted.push([zoom, index]);
      if (!this.paintTile(c, zoom, index, this.tiles.get(zoom, index))) this.paintCoarser(c, zoom, index);
    }
    this.tiles.want([...wanted, [zoom, last + 1], [zoom, first - 1], [about.zooms - 1, 0]]); // the next ones, and the whole
  }

  paintTile(c, zoom, index, picture) {
    if (!picture) return false;
    const column = this.tiles.about.seconds_per_column * 2 ** zoom;
    const from = index * this.tiles.about.tile * column;
    c.drawImage(picture, (from - this.start) / this.scale, 0, picture.width * column / this.scale, this.height);
    return true;
  }

  // The part of a coarser tile that lies where one is missing.
  paintCoarser(c, zoom, index) {
    const {about} = this.tiles;
    for (let up = 1; zoom + up < about.zooms; up++) {
      const picture = this.tiles.get(zoom + up, index >> up);
      if (!picture) continue;
      const part = about.tile / 2 ** up, from = (index % 2 ** up) * part, width = Math.min(part, picture.width - from);
      const column = about.seconds_per_column * 2 ** (zoom + up), begin = ((index >> up) * about.tile + from) * column;
      if (width > 0) {
        c.drawImage(picture, from, 0, width, picture.height, (begin - this.start) / this.scale, 0,
          width * column / this.scale, this.height);
      }
      return;
    }
  }

  // The rows that have a name beside them, as [row, name]: round frequencies, each C, or all.
  named({values, kind}) {
    if (typeof values[0] === "number") {
      return round.filter((hz) => hz < values.at(-1)).map((hz) => [values.findIndex((value) => value >= hz), hertz(hz)]);
    }
    return [...values.entries()].filter(([, name]) => kind !== "note" || /^C\d/.test(name));
  }

  // Names of rows, from the lowest, where there is room.
  paintAxis(c) {
    const {axis} = this.tiles.about, {values} = axis, row = this.height / values.length;
    c.font = "11px system-ui, sans-serif";
    c.textBaseline = "middle";
    c.textAlign = "left";
    let last = Infinity;
    for (const [i, text] of this.named(axis)) {
      const y = this.height - (i + 0.5) * row;
      if (last - y < 16 || y < 8) continue;
      last = y;
      c.fillStyle = "#000a";
      c.fillRect(0, y - 7, c.measureText(text).width + 6, 14);
      c.fillStyle = "#fff";
      c.fillText(text, 3, y);
    }
  }

  paintRuler(c) {
    const step = steps.find((s) => s / this.scale >= 70) ?? 3600;
    c.fillStyle = this.palette.soft;
    c.font = "12px system-ui, sans-serif";
    c.textBaseline = "middle";
    c.textAlign = "left";
    for (let t = Math.ceil(this.start / step) * step; t <= this.start + this.width * this.scale; t += step) {
      const x = (t - this.start) / this.scale;
      c.fillRect(x, this.height, 1, 5);
      c.fillText(clock(t + 1e-6, step < 1), x + 3, this.height + 12);
    }
  }

  // Where in the song one is, once not all of it is seen.
  paintBar(c) {
    const seen = this.width * this.scale;
    if (seen > this.span * 0.999) return;
    c.fillStyle = this.palette.line;
    c.fillRect(0, this.height + ruler, this.width, bar);
    c.fillStyle = this.palette.accent;
    const width = Math.max(seen / this.span * this.width, 8);
    c.fillRect(this.start / Math.max(this.span - seen, 1e-9) * (this.width - width), this.height + ruler, width, bar);
  }

  paintCursor(c) {
    const x = (this.cursor - this.start) / this.scale;
    c.fillStyle = "#fff";
    c.fillRect(x - 0.5, 0, 1.5, this.height);
    c.fillStyle = this.palette.accent;
    c.beginPath();
    c.moveTo(x - 5, this.height + 11), c.lineTo(x + 5, this.height + 11), c.lineTo(x, this.height + 1);
    c.fill();
  }

  // --- what a person does --------------------------------------------------------------

  listen() {
    new ResizeObserver(([entry]) => entry.contentRect.width && this.fit(entry.contentRect.width)).observe(this.canvas);
    addEventListener("themechange", this.themed = () => this.colours());
    const on = (name, f, options) => this.canvas.addEventListener(name, f, options);
    on("wheel", (event) => this.wheel(event), {passive: false});
    on("keydown", (event) => this.key(event));
    on("pointerdown", (event) => this.press(event));
    on("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) on(name, (event) => this.release(event));
    on("pointerleave", () => { this.readout.textContent = hint; });
  }

  // With Ctrl, which is also what two fingers on a pad send, the wheel zooms; sideways it scrolls; else it is the page's.
  wheel(event) {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey) this.zoom(2 ** (event.deltaY / 240), event.offsetX);
    else if (event.shiftKey || Math.abs(sideways) > Math.abs(event.deltaY)) this.look(this.start + sideways * this.scale, this.scale);
    else return;
    event.preventDefault();
  }

  key(event) {
    const page = this.width * this.scale, here = this.cursor;
    const to = {ArrowRight: here + page / 50, ArrowLeft: here - page / 50, PageDown: here + page, PageUp: here - page,
      Home: 0, End: this.duration}[event.key];
    if (to !== undefined) {
      this.seek(Math.min(Math.max(to, 0), this.duration));
      this.moved(Math.min(Math.max(to, 0), this.duration), true);
    } else if (event.key === "+" || event.key === "=") this.zoom(0.5, (here - this.start) / this.scale);
    else if (event.key === "-") this.zoom(2, (here - this.start) / this.scale);
    else return;
    event.preventDefault();
  }

  // One pointer drags, two pinch; a short press chooses the moment.
  press(event) {
    this.pointers ??= new Map();
    this.pointers.set(event.pointerId, event);
    this.canvas.setPointerCapture(event.pointerId);
    this.grip = {x: event.offsetX, start: this.start, dragged: this.pointers.size > 1};
  }

  move(event) {
    this.read(event);
    if (!this.pointers?.has(event.pointerId)) return;
    const before = [...this.pointers.values()].map((one) => one.offsetX);
    this.pointers.set(event.pointerId, event);
    const now = [...this.pointers.values()].map((one) => one.offsetX);
    if (now.length === 2) {
      const spread = Math.max(Math.abs(before[0] - before[1]), 1) / Math.max(Math.abs(now[0] - now[1]), 1);
      this.zoom(spread, (now[0] + now[1]) / 2);
    } else if (this.grip.dragged || Math.abs(event.offsetX - this.grip.x) > 4) {
      this.grip.dragged = true;
      this.look(this.grip.start - (event.offsetX - this.grip.x) * this.scale, this.scale);
    }
  }

  release(event) {
    if (!this.pointers?.delete(event.pointerId) || this.pointers.size || event.type === "pointercancel") return;
    if (!this.grip.dragged) this.seek(Math.min(Math.max(this.start + event.offsetX * this.scale, 0), this.duration));
  }

  // Says what lies under the pointer.
  read(event) {
    const seconds = this.start + event.offsetX * this.scale, axis = this.tiles?.about.axis;
    const row = axis && Math.floor((1 - (event.offsetY - this.top) / this.height) * axis.values.length);
    const value = axis?.values[row];
    const words = value === undefined ? "" : typeof value === "number" ? ` · ${hertz(value)} ${note(value)}` : ` · ${value}`;
    this.readout.textContent = clock(Math.max(seconds, 0), true) + words + this.layers.at(seconds);
  }

  close() {
    removeEventListener("themechange", this.themed);
    cancelAnimationFrame(this.drawing);
    this.tiles?.close();
  }
}
