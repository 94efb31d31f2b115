// Runs: experiments with their curves and confusion matrices, as they train.
import {get} from "./api.js";
import {chart} from "./chart.js";
import {el} from "./dom.js";
import {percent} from "./words.js";

const shown = (value) => typeof value === "number" ? String(+value.toPrecision(4)) : value;

// A time of the machine's, "2026-11-27T19:59:42Z", as it is told here.
const when = (text) => text && new Date(text).toLocaleString([], {dateStyle: "medium", timeStyle: "short"});

const columns = [
  ["Run", (run) => el("a", {href: `#runs/${encodeURIComponent(run.name)}`}, run.name)], ["Model", (run) => run.kind],
  ["State", (run) => el("span", {class: `state ${run.status}`}, run.status)], ["Epochs", (run) => run.epochs],
  ["Accuracy", (run) => typeof run.accuracy === "number" ? percent(run.accuracy) : undefined], ["Begun", (run) => when(run.started)],
];

async function list(place) {
  const {runs} = await get("/v1/runs");
  place.append(el("h1", {}, "Runs"));
  if (!runs.length) {
    place.append(el("p", {class: "soft"}, "There are none. Start the service with --runs FOLDER to see what is trained there."));
    return;
  }
  runs.sort((a, b) => String(b.started ?? "").localeCompare(String(a.started ?? "")));
  place.append(el("div", {class: "scroll"}, el("table", {}, el("thead", {}, el("tr", {}, columns.map(([name]) => el("th", {scope: "col"}, name)))),
    el("tbody", {}, runs.map((run) => el("tr", {}, columns.map(([, cell]) => el("td", {class: "number"}, cell(run) ?? ""))))))));
}

// Curves that share an axis stand together: losses, what lies in 0..1, and each of the others for itself.
function curves(by_name) {
  const names = Object.keys(by_name).filter((name) => !["epoch", "fold", "seconds"].includes(name)).sort();
  const place = by_name.epoch ?? by_name.fold ?? [];
  const points = (name) => by_name[name].map((y, i) => [place[i] ?? i + 1, y]).filter(([, y]) => typeof y === "number");
  const charts = {Loss: {}, Scores: {}};
  for (const name of names) {
    const line = points(name);
    if (!line.length) continue;
    if (/loss/.test(name)) charts.Loss[name] = line;
    else if (line.every(([, y]) => y >= 0 && y <= 1) && !/^lr$|rate/.test(name)) charts.Scores[name] = line;
    else charts[name === "lr" ? "Learning rate" : name] = {[name]: line};
  }
  return Object.entries(charts).filter(([, series]) => Object.keys(series).length).map(([title, series]) =>
    el("section", {class: "card"}, chart(title, series, title === "Scores" ? {low: 0, high: 1, below: "epoch"} : {low: 0, below: "epoch"})));
}

// A confusion matrix: rows are what songs are, columns what they were taken for.
function confusion({classes, matrix}) {
  const table = el("table", {class: "confusion"}, el("caption", {}, "Rows: what it is. Columns: what it was taken for."),
    el("thead", {}, el("tr", {}, el("td"), classes.map((name) => el("th", {scope: "col"}, name)))));
  const body = el("tbody");
  matrix.forEach((row, i) => {
    const sum = row.reduce((a, b) => a + b, 0) || 1;
    body.append(el("tr", {}, el("th", {scope: "row"}, classes[i]), row.map((count, k) => {
      const cell = el("td", {class: count ? "number" : "number nothing", title: `${classes[i]} taken for ${classes[k]}: ${count} of ${sum}`}, String(count));
      cell.style.setProperty("--share", `${Math.round(60 * count / sum)}%`);
      return cell;
    })));
  });
  table.append(body);
  return el("section", {class: "card wide"}, el("h2", {}, "Confusion"),
    el("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": "Confusion matrix"}, table));
}

// Names and values as a list.
function values(title, of) {
  const pairs = Object.entries(of ?? {}).filter(([, value]) => ["number", "string", "boolean"].includes(typeof value)).sort();
  return pairs.length ? el("details", {}, el("summary", {}, `${title} (${pairs.length})`),
    el("dl", {class: "many"}, pairs.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {class: "number"}, String(shown(value)))]))) : null;
}

async function one(place, name) {
  const about = el("div", {class: "charts"}), lists = el("div"), address = `/v1/runs/${encodeURIComponent(name)}`;
  const state = el("p", {class: "soft", role: "status"});
  place.append(el("p", {}, el("a", {href: "#runs"}, "All runs")), el("h1", {}, name), state, about, lists);
  async function show() {
    const run = await get(address), epochs = run.curves?.epoch?.length;
    state.textContent = [run.status, epochs && `${epochs} ${epochs === 1 ? "epoch" : "epochs"}`].filter(Boolean).join(" · ");
    about.replaceChildren(...[...curves(run.curves ?? {}), run.confusion?.matrix && confusion(run.confusion)].filter(Boolean));
    lists.replaceChildren(...[values("Figures", run.metrics), values("Settings", run.settings)].filter(Boolean));
    if (!about.children.length) about.append(el("p", {class: "soft"}, "It has noted nothing yet."));
    return run.status;
  }
  if (await show() !== "running") return undefined;
  return attend(address, show);
}

// Draws a training anew as its epochs come. Those that come together are drawn once.
function attend(address, show) {
  const events = new EventSource(`${address}/events`);
  let due;
  const later = () => { due ??= setTimeout(() => { due = undefined; show().catch(() => {}); }, 200); };
  events.addEventListener("epoch", later);
  events.addEventListener("done", () => { events.close(); later(); });
  return () => { events.close(); clearTimeout(due); };
}

export function runsView(place, name) {
  return name ? one(place, name) : list(place);
}
