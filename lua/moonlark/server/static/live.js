// Live: what the microphone hears, analysed as it comes.
import {bar} from "./cards.js";
import {el, say} from "./dom.js";
import {listen} from "./microphone.js";
import {Scroller} from "./scroller.js";
import {chord, fixed, hasFlats, musical, percent} from "./words.js";

const quietest = -60; // what a bar of level begins with: dB
const level = (name, value, unit) => typeof value === "number" && bar(name, (value - quietest) / -quietest, value > -120 ? `${fixed(value, 1)} ${unit}` : "silent");

// A card that is there once there is something in it.
function panel(title, name) {
  const body = el("div"), card = el("section", {class: `card ${name}`, hidden: true}, el("h2", {}, title), body);
  return {card, show(...children) {
    card.hidden = false;
    body.replaceChildren(...children.filter(Boolean));
  }};
}

const dots = (position, meter) => el("p", {class: "dots", "aria-hidden": "true"},
  Array.from({length: meter || 1}, (_, i) => el("span", {class: i + 1 === (position || 1) ? "dot on" : "dot"})));

export function liveView(place) {
  const scroller = new Scroller("The spectrum of what is heard, as it comes"), state = el("p", {class: "soft", role: "status"});
  const names = {level: "Level", beat: "Tempo", key: "Key", chord: "Chord", prediction: "It sounds like"};
  const panels = Object.fromEntries(Object.entries(names).map(([name, title]) => [name, panel(title, name)]));
  const chords = [];
  let key, stop;

  const takes = {
    open() {
      button.textContent = "Stop";
      state.textContent = "It is listening.";
    },
    columns: (said) => scroller.add(said),
    level: (said) => panels.level.show(level("loudness", said.loudness, "LUFS"), level("peak", said.peak, "dBFS")),
    beat: (said) => panels.beat.show(said.tempo && el("p", {class: "big number"}, Math.round(said.tempo), el("small", {}, " BPM")),
      dots(said.position, said.meter)),
    key(said) {
      key = said;
      panels.key.show(el("p", {class: "big"}, musical(`${said.tonic} ${said.mode}`)), said.confidence && bar("how sure", said.confidence));
    },
    chord(said) {
      chords.push(chord(said.label, hasFlats(key)));
      panels.chord.show(el("p", {class: "big"}, chords.at(-1)), el("p", {class: "soft"}, chords.slice(-7, -1).join("  ")));
    },
    prediction(said) {
      const list = Object.entries(said.probabilities ?? {}).sort((a, b) => b[1] - a[1]).slice(0, 5);
      panels.prediction.show(said.label && el("p", {class: "big"}, said.label), ...list.map(([name, p]) => bar(name, p, percent(p))));
    },
    error: (said) => { state.textContent = said.detail; },
  };
  const button = el("button", {type: "button", onclick: async () => {
    if (stop) return stop("It does not listen.");
    state.textContent = "It begins …";
    const wait = listen((said) => takes[said.kind]?.(said), (words) => {
      stop = undefined;
      button.textContent = "Listen";
      state.textContent = words;
      say(words);
    });
    stop = (words) => wait.then((end) => end(words));
  }}, "Listen");

  place.append(el("h1", {}, "Live"), el("p", {class: "soft"}, "What the microphone hears, while it goes on. Nothing of it is kept."),
    el("p", {class: "row"}, button, state), scroller.canvas, el("div", {class: "cards"}, Object.values(panels).map((one) => one.card)));
  return () => stop?.("It does not listen.");
}
