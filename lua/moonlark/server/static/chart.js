// Lines over a common axis, as a picture with a description: confidences over time, curves of training.
import {el, svg} from "./dom.js";

const size = {height: 180, left: 44, right: 8, top: 8, bottom: 24};
const hues = ["a", "b", "c", "d", "e", "f"];

// Round places from low to high, about n of them: of `steps`, or of 1, 2, 5, 10 …
function ticks(low, high, n, steps) {
  const raw = (high - low) / n || 1, power = 10 ** Math.floor(Math.log10(raw));
  const step = (steps ?? [1, 2, 5, 10].map((f) => f * power)).find((s) => s >= raw) ?? raw;
  const list = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + 1e-9 * step; v += step) list.push(+v.toPrecision(6));
  return list;
}

const short = (y) => String(+y.toPrecision(3));

// A chart in words: where each line begins and ends.
function described(label, series, say) {
  const lines = Object.entries(series).filter(([, line]) => line.length).map(([name, line]) =>
    `${name} from ${short(line[0][1])} at ${say(line[0][0])} to ${short(line.at(-1)[1])} at ${say(line.at(-1)[0])}`);
  return `${label}: ${lines.join("; ")}`;
}

// `series`: {name: [[x, y], …]}; `say` writes x, `below` says what it is, `steps`: which are round; `width` in pixels, about what the place has.
export function chart(title, series, {low, high, say = String, label = title, width = 440, below, steps}) {
  const points = Object.values(series).flat(), {height, left, right, top, bottom} = size;
  if (!points.length) return el("p", {class: "soft"}, "Nothing to draw yet.");
  const xs = points.map(([x]) => x), ys = points.map(([, y]) => y);
  const x0 = Math.min(...xs), x1 = Math.max(...xs, x0 + 1e-9), y0 = low ?? Math.min(...ys), y1 = high ?? Math.max(...ys, y0 + 1e-9);
  const px = (x) => (left + (x - x0) / (x1 - x0) * (width - left - right)).toFixed(1);
  const py = (y) => (height - bottom - (y - y0) / (y1 - y0) * (height - top - bottom)).toFixed(1);
  const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": described(label, series, say), class: "chart"});
  for (const y of ticks(y0, y1, 4)) {
    picture.append(svg("line", {x1: left, x2: width - right, y1: py(y), y2: py(y), class: "grid"}),
      svg("text", {x: left - 6, y: py(y), "text-anchor": "end", "dominant-baseline": "middle"}, String(y)));
  }
  for (const x of ticks(x0, x1, 7, steps)) picture.append(svg("text", {x: px(x), y: height - 6, "text-anchor": "middle"}, say(x)));
  if (below) picture.append(svg("text", {x: left - 6, y: height - 6, "text-anchor": "end"}, below));
  const names = Object.keys(series);
  names.forEach((name, i) => {
    const line = series[name], hue = hues[i % hues.length];
    picture.append(svg("polyline", {points: line.map(([x, y]) => `${px(x)},${py(y)}`).join(" "), class: `line ${hue}`}));
    if (line.length === 1) picture.append(svg("circle", {cx: px(line[0][0]), cy: py(line[0][1]), r: 3, class: `point ${hue}`}));
  });
  const legend = el("ul", {class: "legend"}, names.map((name, i) => el("li", {class: hues[i % hues.length]}, name)));
  return el("figure", {}, el("figcaption", {}, title), picture, legend);
}
