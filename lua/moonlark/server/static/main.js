// The page: which view is shown, by what stands behind # in the address.
import {el, say} from "./dom.js";
import {sendAll, songsView} from "./songs.js";
import {songView} from "./song.js";
import {compareView} from "./compare.js";
import {libraryView} from "./library.js";
import {runsView} from "./runs.js";
import {liveView} from "./live.js";

const views = {songs: songsView, song: songView, compare: compareView, library: libraryView, runs: runsView, live: liveView};
const tabOf = {song: "songs", compare: "songs"};

let leave = () => {}; // what the view that is shown has to end

// A view is called with a place of its own and the parts of the address; it returns what ends it, or nothing.
async function show() {
  const [name, ...parts] = location.hash.slice(1).split("/").map(decodeURIComponent);
  const view = views[name] ? name : "songs";
  leave();
  leave = () => {};
  const place = el("div", {class: `view ${view}`}), main = document.getElementById("main");
  main.replaceChildren(place);
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.hash === `#${tabOf[view] ?? view}`;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  let gone = false;
  leave = () => { gone = true; };
  try {
    const end = await views[view](place, ...parts);
    if (gone) end?.();
    else leave = end ?? leave;
  } catch (problem) {
    const title = place.querySelector("h1") ? "" : el("h1", {}, "There is nothing to show");
    place.append(title, el("p", {class: "fault", role: "alert"}, problem.message));
  }
}

function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

document.getElementById("theme").addEventListener("click", () => {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
  dispatchEvent(new Event("themechange"));
  say(`The page is ${theme} now.`);
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));

// Files may be dropped anywhere; a browser would open them in place of the page.
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer.files.length) return;
  sendAll(event.dataTransfer.files);
  location.hash = "songs";
});
addEventListener("hashchange", () => { show(); document.getElementById("main").focus({preventScroll: true}); });
show();
