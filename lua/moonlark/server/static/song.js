// The view of one song: its sound, its maps with what was heard on top, cards, tables. The map is there at once; the rest
// comes when it has been heard.
import {cards} from "./cards.js";
import {chart} from "./chart.js";
import {el} from "./dom.js";
import {player} from "./player.js";
import {adopt, hear, watch} from "./shelf.js";
import {words} from "./songs.js";
import {chord, clock, hasFlats, timeSteps} from "./words.js";

// A list of segments as a table that opens: what the strips show.
function segments(title, list, name = (label) => label) {
  const head = el("tr", {}, ["from", "to", "what"].map((column) => el("th", {scope: "col"}, column)));
  const rows = list?.map((one) => el("tr", {}, el("td", {class: "number"}, clock(one.start, true)),
    el("td", {class: "number"}, clock(one.end ?? one.stop, true)), el("td", {}, name(one.label))));
  return rows?.length ? el("details", {}, el("summary", {}, `${title} (${list.length})`),
    el("div", {class: "scroll long", tabindex: 0, role: "region", "aria-label": title}, el("table", {}, el("thead", {}, head), el("tbody", {}, rows)))) : "";
}

function tables({result, predicted}) {
  const flats = hasFlats(result.key);
  return el("div", {class: "tables"}, segments("Sections", result.sections), segments("Chords", result.chords, (label) => chord(label, flats)),
    segments("Voice", result.voice), segments("Predictions", predicted?.segments));
}

// How sure the model was of its likeliest classes, segment by segment.
function overTime(predicted, width) {
  const list = predicted?.segments?.filter((one) => one.probabilities);
  if (!(list?.length > 1)) return "";
  const names = Object.entries(predicted.probabilities).sort((a, b) => b[1] - a[1]).slice(0, 5).map(([name]) => name);
  const series = Object.fromEntries(names.map((name) => [name,
    list.map((one) => [(one.start + (one.end ?? one.stop)) / 2, one.probabilities[name] ?? 0])]));
  return el("section", {class: "card wide"}, chart("Confidence over time", series, {low: 0, high: 1, say: clock, steps: timeSteps, width}));
}

// Files of what was heard.
function takeaways(song) {
  const text = encodeURIComponent(JSON.stringify(song.result, null, 2));
  return el("p", {class: "row"}, song.analysis && el("a", {href: `/v1/analyses/${song.analysis}/report`, target: "_blank"}, "Report"),
    el("a", {href: `data:application/json,${text}`, download: `${song.name}.json`}, "Everything as JSON"));
}

export async function songView(place, id) {
  const song = await adopt(id);
  const line = el("p", {class: "soft number"}), about = el("div");
  const bar = el("progress", {max: 1, "aria-label": "How far it has been heard"});
  const shown = song.duration ? player(song) : undefined;
  place.append(el("h1", {}, song.name), line, shown?.element ?? "", about);

  function showResult() {
    line.textContent = words(song);
    shown?.heard(song);
    about.replaceChildren(cards(song.result, song.predicted), overTime(song.predicted, place.clientWidth - 34), tables(song), takeaways(song));
  }
  let sign;
  function show() {
    bar.value = song.progress ?? 0;
    if (!song.result && song.state !== "failed") line.textContent = `It is being heard: ${song.stage ?? "waiting"}`;
    const now = `${song.state === "failed"} ${Boolean(song.result)} ${Boolean(song.predicted)}`;
    if (now === sign) return;
    sign = now;
    if (song.result) showResult();
    else if (song.state === "failed") about.replaceChildren(el("p", {class: "fault", role: "alert"}, song.fault));
    else about.replaceChildren(bar);
  }
  const unwatch = watch((one) => one === song && show());
  if (!song.result) hear(song);
  show();
  return () => { unwatch(); shown?.close(); };
}
