// The microphone, whose samples go to the service, and what the service hears in them.

// Listens until `stop()`: `told(event)` gets what is heard; `ended(words)` is called once when it is over, whoever ended it.
export async function listen(told, ended) {
  let socket, context, stream;
  function stop(words) {
    if (!ended) return;
    const tell = ended;
    ended = undefined;
    socket?.close();
    stream?.getTracks().forEach((track) => track.stop());
    context?.close().catch(() => {});
    tell(words);
  }
  try {
    stream = await navigator.mediaDevices.getUserMedia({audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
    context = new AudioContext();
    await context.audioWorklet.addModule("/static/live-worklet.js");
  } catch (why) {
    stop(`The microphone cannot be heard: ${why.message}`);
    return stop;
  }
  socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/v1/live?rate=${context.sampleRate}&format=f32&channels=1`);
  socket.binaryType = "arraybuffer";
  socket.onmessage = (event) => told(JSON.parse(event.data));
  socket.onclose = (event) => stop(event.reason || "The service does not listen (any more).");
  socket.onopen = () => {
    const taker = new AudioWorkletNode(context, "taker");
    taker.port.onmessage = ({data}) => socket.readyState === WebSocket.OPEN && socket.send(data.buffer);
    context.createMediaStreamSource(stream).connect(taker);
    told({kind: "open"});
  };
  return stop;
}
