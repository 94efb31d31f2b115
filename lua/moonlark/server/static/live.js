// Live: what the microphone hears, analysed as it comes.
import {bar} from "./cards.js";
import {el, say} from "./dom.js";

// The darkest to the lightest of magma, by which columns are painted.
const magma = [[0, 0, 4], [28, 16, 68], [79, 18, 123], [129, 37, 129], [181, 54, 122], [229, 80, 100], [251, 135, 97], [254, 194, 135], [252, 253, 191]];
const palette = Array.from({length: 256}, (_, i) => {
  const at = i / 255 * (magma.length - 1), low = Math.min(Math.floor(at), magma.length - 2);
  return magma[low].map((value, k) => value + (at - low) * (magma[low + 1][k] - value));
});

// A picture that moves to the left as columns come.
class Scroller {
  constructor() {
    this.canvas = el("canvas", {class: "map", width: 600, height: 128, role: "img", "aria-label": "The spectrum of what is heard, as it comes"});
    this.context = this.canvas.getContext("2d");
  }

  add({rows, columns, data}) {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0)), {width} = this.canvas;
    if (this.canvas.height !== rows) this.canvas.height = rows;
    const picture = this.context.createImageData(columns, rows);
    for (let x = 0; x < columns; x++) {
      for (let y = 0; y < rows; y++) {
        const [r, g, b] = palette[bytes[x * rows + y]];
        picture.data.set([r, g, b, 255], ((rows - 1 - y) * columns + x) * 4);
      }
    }
    this.context.drawImage(this.canvas, -columns, 0);
    this.context.putImageData(picture, width - columns, 0);
  }
}

export function liveView(place) {
  const scroller = new Scroller(), state = el("p", {class: "soft", role: "status"});
  const beat = el("span", {class: "beat", "aria-hidden": "true"}), tempo = el("p", {class: "big number"}, "–");
  const key = el("p", {class: "big"}, "–"), level = el("div"), guess = el("div");
  const button = el("button", {type: "button", onclick: () => (socket ? stop() : start())}, "Listen");
  let socket, context, stream;

  const takes = {
    columns: (said) => scroller.add(said),
    level: (said) => level.replaceChildren(bar("loudness", (said.loudness + 60) / 60, `${said.loudness.toFixed(1)} LUFS`),
      bar("peak", (said.peak + 60) / 60, `${said.peak.toFixed(1)} dBFS`)),
    beat(said) {
      if (said.tempo) tempo.textContent = `${Math.round(said.tempo)} BPM`;
      beat.classList.toggle("on");
    },
    key: (said) => { key.textContent = said.label ?? `${said.tonic} ${said.mode}`; },
    prediction: (said) => guess.replaceChildren(...Object.entries(said.probabilities ?? {[said.label]: said.probability ?? 1})
      .sort((a, b) => b[1] - a[1]).slice(0, 5).map(([name, p]) => bar(name, p))),
  };

  async function start() {
    try {
      stream = await navigator.mediaDevices.getUserMedia({audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
      context = new AudioContext();
      await context.audioWorklet.addModule("/static/live-worklet.js");
    } catch (why) {
      state.textContent = `The microphone cannot be heard: ${why.message}`;
      return stop();
    }
    socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/v1/live?rate=${context.sampleRate}&format=f32&channels=1`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => { const said = JSON.parse(event.data); takes[said.kind]?.(said); };
    socket.onclose = (event) => { state.textContent = event.reason || "It has ended."; stop(); };
    socket.onopen = () => {
      const node = new AudioWorkletNode(context, "taker");
      node.port.onmessage = ({data}) => socket?.readyState === WebSocket.OPEN && socket.send(data.buffer);
      context.createMediaStreamSource(stream).connect(node);
      button.textContent = "Stop";
      state.textContent = "It is listening.";
    };
  }
  function stop() {
    const open = socket;
    socket = undefined;
    open?.close();
    stream?.getTracks().forEach((track) => track.stop());
    context?.close().catch(() => {});
    context = stream = undefined;
    button.textContent = "Listen";
    say("It does not listen.");
  }

  place.append(el("h1", {}, "Live"), el("p", {class: "row"}, button, state), scroller.canvas, el("div", {class: "cards"},
    el("section", {class: "card"}, el("h2", {}, "Tempo ", beat), tempo), el("section", {class: "card"}, el("h2", {}, "Key"), key),
    el("section", {class: "card"}, el("h2", {}, "Level"), level), el("section", {class: "card"}, el("h2", {}, "It sounds like"), guess)));
  return stop;
}
