// Runs: experiments with their curves and confusion matrices, as they train.
import {get} from "./api.js";
import {chart} from "./chart.js";
import {el, percent} from "./dom.js";

const shown = (value) => typeof value === "number" ? +value.toPrecision(4) : value;

async function list(place) {
  const said = await get("/v1/runs"), runs = said.runs ?? said;
  place.append(el("h1", {}, "Runs"));
  if (!runs.length) {
    place.append(el("p", {class: "soft"}, "There are none. Start the service with --runs FOLDER to see what is trained there."));
    return;
  }
  const names = ["kind", "status", "epochs", "accuracy", "started"].filter((name) => runs.some((run) => run[name] !== undefined && run[name] !== null));
  place.append(el("div", {class: "scroll"}, el("table", {}, el("thead", {}, el("tr", {}, ["run", ...names].map((name) => el("th", {scope: "col"}, name)))),
    el("tbody", {}, runs.map((run) => el("tr", {}, el("td", {}, el("a", {href: `#runs/${encodeURIComponent(run.name)}`}, run.name)),
      names.map((name) => el("td", {class: "number"}, name === "accuracy" && run[name] ? percent(run[name]) : shown(run[name]) ?? ""))))))));
}

// Curves that share an axis stand together: losses, and what lies in 0..1.
function curves(list) {
  const series = {};
  for (const row of list) {
    for (const [name, value] of Object.entries(row)) {
      if (name !== "epoch" && typeof value === "number") (series[name] ??= []).push([row.epoch, value]);
    }
  }
  const losses = Object.fromEntries(Object.entries(series).filter(([name]) => /loss/.test(name)));
  const shares = Object.fromEntries(Object.entries(series).filter(([name, points]) => !/loss|rate|second|time/.test(name) && points.every(([, y]) => y >= 0 && y <= 1)));
  return [Object.keys(losses).length && chart("Loss", losses, {low: 0}), Object.keys(shares).length && chart("Scores", shares, {low: 0, high: 1})]
    .filter(Boolean).map((picture) => el("section", {class: "card"}, picture));
}

// A confusion matrix: rows are what songs are, columns what they were taken for.
function confusion({classes, matrix}) {
  const table = el("table", {class: "confusion"}, el("caption", {}, "Rows: what it is. Columns: what it was taken for."),
    el("thead", {}, el("tr", {}, el("td"), classes.map((name) => el("th", {scope: "col"}, name)))));
  const body = el("tbody");
  matrix.forEach((row, i) => {
    const sum = row.reduce((a, b) => a + b, 0) || 1;
    body.append(el("tr", {}, el("th", {scope: "row"}, classes[i]), row.map((count) => {
      const cell = el("td", {class: "number"}, String(count));
      cell.style.setProperty("--share", `${Math.round(70 * count / sum)}%`);
      return cell;
    })));
  });
  table.append(body);
  return el("section", {class: "card wide"}, el("h2", {}, "Confusion"), el("div", {class: "scroll"}, table));
}

async function one(place, name) {
  const about = el("div", {class: "charts"}), address = `/v1/runs/${encodeURIComponent(name)}`;
  const state = el("p", {class: "soft", role: "status"});
  place.append(el("h1", {}, name), state, about);
  async function show() {
    const run = await get(address);
    state.textContent = [run.kind, run.status].filter(Boolean).join(" · ");
    about.replaceChildren(...curves(run.curves ?? []), ...(run.confusion ? [confusion(run.confusion)] : []));
    if (!about.children.length) about.append(el("p", {class: "soft"}, "It has no curves yet."));
    return run.status;
  }
  if (await show() !== "running") return undefined;
  const events = new EventSource(`${address}/events`);
  for (const kind of ["epoch", "done"]) events.addEventListener(kind, () => show().then((status) => status !== "running" && events.close()));
  return () => events.close();
}

export function runsView(place, name) {
  return name ? one(place, name) : list(place);
}
