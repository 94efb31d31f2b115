--- Script: what the page of an analysis draws, and how its cursor follows the sound.
return [==[
"use strict";
const song = JSON.parse(document.getElementById("song").textContent);
const sound = document.querySelector("audio"), clock = document.querySelector("output");
const view = {from: 0, to: Math.max(song.duration, 0.01)};
let now = 0;
const lanes = [];
const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const time = t => Math.floor(t / 60) + ":" + (t % 60 < 10 ? "0" : "") + (t % 60).toFixed(1);
const bytes = image => Uint8Array.from(atob(image.data), c => c.charCodeAt(0));
const dark = () => matchMedia("(prefers-color-scheme: dark)").matches && !matchMedia("print").matches;

// Magma and a plain ramp, from a few of their colours.
const stops = {
  magma: [[0, 0, 4], [40, 17, 89], [114, 31, 129], [183, 55, 121], [241, 96, 93], [254, 176, 120], [252, 253, 191]],
  blue: [[247, 251, 255], [198, 219, 239], [107, 174, 214], [33, 113, 181], [8, 48, 107]],
  night: [[20, 24, 28], [30, 58, 95], [45, 110, 165], [110, 175, 220], [230, 245, 255]],
};
function ramp(name) {
  const list = stops[name], table = [];
  for (let i = 0; i < 256; i++) {
    const x = i / 255 * (list.length - 1), k = Math.min(Math.floor(x), list.length - 2), f = x - k;
    table.push(list[k].map((c, j) => Math.round(c + f * (list[k + 1][j] - c))));
  }
  return table;
}
function picture(image, palette, reversed) {
  const data = bytes(image), canvas = document.createElement("canvas"), table = ramp(palette);
  canvas.width = image.columns; canvas.height = image.rows;
  const context = canvas.getContext("2d"), pixels = context.createImageData(image.columns, image.rows);
  for (let row = 0; row < image.rows; row++)
    for (let column = 0; column < image.columns; column++) {
      const from = table[data[row * image.columns + column]], to = 4 * ((reversed ? row : image.rows - 1 - row) * image.columns + column);
      pixels.data[to] = from[0]; pixels.data[to + 1] = from[1]; pixels.data[to + 2] = from[2]; pixels.data[to + 3] = 255;
    }
  context.putImageData(pixels, 0, 0);
  return canvas;
}
// A colour for each label, the same wherever it comes.
const hues = {};
function tint(label, opacity) {
  if (!(label in hues)) hues[label] = Object.keys(hues).length * 137.5 % 360;
  return "hsl(" + hues[label] + " 60% " + (dark() ? 55 : 50) + "% / " + opacity + ")";
}

function lane(title, height, draw) {
  const figure = document.createElement("figure"), stack = document.createElement("div");
  figure.className = "lane"; stack.className = "stack";
  const caption = document.createElement("figcaption");
  caption.textContent = title;
  const canvas = document.createElement("canvas"), cursor = document.createElement("canvas");
  cursor.className = "cursor";
  canvas.setAttribute("role", "img"); canvas.setAttribute("aria-label", title);
  stack.append(canvas, cursor); figure.append(caption, stack);
  document.getElementById("lanes").append(figure);
  lanes.push({canvas, cursor, height, draw});
  cursor.addEventListener("click", event => seek(view.from + event.offsetX / cursor.clientWidth * (view.to - view.from)));
  cursor.addEventListener("wheel", event => {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    zoom(view.from + event.offsetX / cursor.clientWidth * (view.to - view.from), event.deltaY > 0 ? 1.25 : 0.8);
  }, {passive: false});
}
// Shows the song from a time on; what is shown keeps its length.
function show(from, span) {
  view.from = Math.max(0, Math.min(song.duration - span, from));
  view.to = view.from + span;
  redraw();
}
// Shows more (factor above 1) or less of the song, with a time where it is.
function zoom(at, factor) {
  const before = view.to - view.from, span = Math.min(song.duration, Math.max(1, before * factor));
  show(at - (at - view.from) * span / before, span);
}
// Turns the page when the cursor leaves it.
function follow() {
  if (now < view.from || now > view.to) show(now - 0.1 * (view.to - view.from), view.to - view.from);
}
function seek(t) { now = Math.max(0, Math.min(song.duration, t)); if (sound) sound.currentTime = now; cursors(); }

function fit(canvas, height) {
  const scale = window.devicePixelRatio || 1, width = canvas.parentElement.clientWidth;
  canvas.width = width * scale; canvas.height = height * scale; canvas.style.height = height + "px";
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return {context, width, height, x: t => (t - view.from) / (view.to - view.from) * width};
}
function redraw() { for (const one of lanes) one.draw(fit(one.canvas, one.height)); cursors(); }
function cursors() {
  for (const one of lanes) {
    const p = fit(one.cursor, one.height), x = p.x(now);
    one.cursor.style.height = "100%";
    p.context.fillStyle = colour("accent");
    p.context.fillRect(x - 0.75, 0, 1.5, p.height);
  }
  const at = list => { const found = (list || []).find(s => s[0] <= now && now < s[1]); return found ? found[2] : ""; };
  clock.textContent = [time(now), at(song.sections), at(song.chords)].filter(Boolean).join("  ·  ");
}
function image(p, from, palette) {
  const first = view.from / song.duration * from.width, last = view.to / song.duration * from.width;
  p.context.imageSmoothingEnabled = false;
  p.context.drawImage(from, first, 0, last - first, from.height, 0, 0, p.width, p.height);
}
function segments(p, list, top, height, opacity) {
  p.context.font = "11px system-ui, sans-serif"; p.context.textBaseline = "middle";
  for (const [from, to, label] of list || []) {
    const left = p.x(from), right = p.x(to);
    if (right < 0 || left > p.width) continue;
    p.context.fillStyle = label === "N" ? "transparent" : tint(label, opacity);
    p.context.fillRect(left, top, right - left - 0.5, height);
    p.context.fillStyle = colour("ink");
    if (p.context.measureText(label).width < right - left - 5) p.context.fillText(label, Math.max(left, 0) + 3, top + height / 2);
  }
}
function beats(p, top, height) {
  if (!song.beats || song.beats.length * 3 > p.width * song.duration / (view.to - view.from)) return bars(p, top, height);
  for (const [t, position] of song.beats) {
    p.context.fillStyle = colour(position === 1 ? "down" : "beat");
    p.context.globalAlpha = position === 1 ? 0.8 : 0.45;
    p.context.fillRect(p.x(t) - 0.5, top, 1, height);
  }
  p.context.globalAlpha = 1;
}
function bars(p, top, height) {
  p.context.globalAlpha = 0.5; p.context.fillStyle = colour("down");
  for (const [t, position] of song.beats || []) if (position === 1) p.context.fillRect(p.x(t) - 0.5, top, 1, height);
  p.context.globalAlpha = 1;
}
function curve(p, c, low, high, unit) {
  p.context.strokeStyle = colour("wave"); p.context.lineWidth = 1.5; p.context.beginPath();
  let on = false;
  c.values.forEach((v, i) => {
    if (v === null) { on = false; return; }
    const x = p.x(c.start + i / c.rate), y = p.height - 3 - (p.height - 6) * (Math.min(high, Math.max(low, v)) - low) / (high - low);
    on ? p.context.lineTo(x, y) : p.context.moveTo(x, y); on = true;
  });
  p.context.stroke();
  label(p, high.toFixed(0) + " " + unit, 4, 3, "top");
  label(p, low.toFixed(0) + " " + unit, 4, p.height - 3, "bottom");
}
// Words over a curve, which is kept off them.
function label(p, words, x, y, baseline) {
  p.context.font = "11px system-ui, sans-serif"; p.context.textBaseline = baseline;
  p.context.fillStyle = colour("lane");
  p.context.fillRect(x - 3, baseline === "top" ? y - 2 : y - 13, p.context.measureText(words).width + 6, 15);
  p.context.fillStyle = colour("quiet"); p.context.fillText(words, x, y);
}
function seconds(p, top) {
  const span = view.to - view.from, step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find(s => s / span * p.width > 60) || 7200;
  p.context.fillStyle = colour("quiet"); p.context.font = "11px system-ui, sans-serif"; p.context.textBaseline = "bottom";
  for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
    p.context.fillRect(p.x(t), top - 4, 1, 4);
    p.context.fillText(step < 1 ? time(t) : time(t).replace(/\.0$/, ""), p.x(t) + 3, top);
  }
}
// The lowest and the highest of nearly all values.
function range(values, least) {
  const sorted = values.filter(v => v !== null).sort((a, b) => a - b);
  if (!sorted.length) return [0, 1];
  const low = sorted[Math.floor(0.02 * (sorted.length - 1))], high = sorted[Math.ceil(0.98 * (sorted.length - 1))];
  const room = Math.max(least - (high - low), 0) / 2;
  return [low - room, high + room];
}

const wave = bytes(song.envelope);
lane("Waveform" + (song.sections ? ", sections" : "") + (song.beats ? ", beats" : ""), 130, p => {
  segments(p, song.sections, 0, 18, 0.45);
  const middle = 72, columns = song.envelope.columns, step = song.duration / columns;
  p.context.fillStyle = colour("wave");
  for (let i = Math.max(0, Math.floor(view.from / step)); i < columns && i * step < view.to; i++) {
    const low = (wave[i] - 127.5) / 127.5, high = (wave[columns + i] - 127.5) / 127.5, x = p.x(i * step);
    p.context.fillRect(x, middle - 40 * high, Math.max(0.6, p.x((i + 1) * step) - x), Math.max(0.6, 40 * (high - low)));
  }
  beats(p, 20, 92);
  seconds(p, 130);
});
const mel = picture(song.mel, "magma");
lane("Mel spectrogram, 30 Hz to 10 kHz", 120, p => image(p, mel));
if (song.chroma) lane("Chroma, C below to B above" + (song.chords ? ", chords" : ""), 122, p => {
  image({context: p.context, width: p.width, height: 104}, picture(song.chroma, dark() ? "night" : "blue"));
  segments(p, song.chords, 104, 18, 0.4);
});
if (song.key) lane("Key", 20, p => segments(p, song.key, 0, 20, 0.4));
if (song.voice) lane("Voice", 20, p => segments(p, song.voice, 0, 20, 0.4));
if (song.tempo) { const r = range(song.tempo.values, 10); lane("Tempo", 70, p => curve(p, song.tempo, r[0], r[1], "BPM")); }
if (song.loudness) { const r = range(song.loudness.values, 6); lane("Loudness, short-term", 70, p => curve(p, song.loudness, r[0], r[1], "LUFS")); }

function square() {
  const canvas = document.querySelector("canvas.square");
  if (!canvas) return;
  const side = canvas.clientWidth, scale = window.devicePixelRatio || 1;
  canvas.width = canvas.height = side * scale;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(picture(song.similarity, dark() ? "night" : "blue"), 0, 0, canvas.width, canvas.height);
}
function all() { redraw(); square(); }
addEventListener("resize", all); addEventListener("beforeprint", all); addEventListener("afterprint", all);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
matchMedia("print").addEventListener("change", all);
if (sound) (function play() {
  if (!sound.paused && Math.abs(sound.currentTime - now) > 0.005) { now = sound.currentTime; follow(); cursors(); }
  requestAnimationFrame(play);
})();
if (sound) sound.addEventListener("seeked", () => { now = sound.currentTime; cursors(); });
addEventListener("keydown", event => {
  if (event.target !== document.body || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "ArrowLeft") { seek(now - 5); follow(); } else if (event.key === "ArrowRight") { seek(now + 5); follow(); }
  else if (event.key === "+") zoom(now, 0.8); else if (event.key === "-") zoom(now, 1.25); else if (event.key === "0") zoom(now, 1e9);
  else if (event.key === " " && sound) { event.preventDefault(); sound.paused ? sound.play() : sound.pause(); }
});
all();
]==]
