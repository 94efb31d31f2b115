// The service, as the page asks it. Errors are problems (RFC 9457): error.message is their detail, error.status their status.

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function problemOf(response) {
  const said = await response.json().catch(() => ({}));
  return new Problem(response.status, said.detail || `${response.status} ${response.statusText}`);
}

let asking; // the token is asked for once, whoever needs it

// Asks for the token and makes a session of it, a cookie that scripts cannot read.
function askToken() {
  const dialog = document.getElementById("token"), fault = dialog.querySelector(".fault"), input = dialog.querySelector("input");
  asking ??= new Promise((resolve) => {
    dialog.addEventListener("close", async () => {
      const token = input.value;
      input.value = "";
      const response = await fetch("/v1/session", {
        method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({token}),
      });
      asking = undefined;
      fault.hidden = response.ok;
      fault.textContent = "That is not the token.";
      resolve(response.ok || askToken());
    }, {once: true});
    dialog.showModal();
  });
  return asking;
}

// Asks with options of fetch; a body that is an object is sent as JSON. Returns the response.
export async function ask(path, options = {}) {
  if (options.body && typeof options.body === "object") {
    options = {...options, headers: {"Content-Type": "application/json"}, body: JSON.stringify(options.body)};
  }
  const response = await fetch(path, options).catch((why) => {
    throw why.name === "AbortError" ? why : new Problem(0, "The service does not answer.");
  });
  if (response.status === 401) {
    await askToken();
    return ask(path, options);
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function get(path, options) {
  return (await ask(path, options)).json();
}

// Sends an object; what comes back, if something does.
export async function post(path, body) {
  const response = await ask(path, {method: "POST", body});
  return response.status === 204 ? undefined : response.json();
}

// Sends a file; `progress` is told how much of it has gone, 0..1. fetch cannot tell that, XMLHttpRequest can.
export function upload(file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(), form = new FormData();
    form.append("file", file);
    request.open("POST", "/v1/songs");
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => reject(new Problem(0, "The connection was lost."));
    request.onload = () => {
      let said = {};
      try { said = JSON.parse(request.responseText); } catch { /* no JSON: told below */ }
      if (request.status === 401) askToken().then(() => upload(file, progress)).then(resolve, reject);
      else if (request.status >= 300) reject(new Problem(request.status, said.detail || request.statusText));
      else resolve(said);
    };
    request.send(form);
  });
}

const isOver = (job) => ["done", "failed", "cancelled"].includes(job.status);

// Follows a job to its end: `progress(share, stage)`; resolves with its result. EventSource connects again by itself; where
// it gives up, the job is asked directly.
export async function follow(job, progress) {
  const kind = job.href.split("/").slice(0, 3).join("/");
  while (!isOver(job)) {
    await new Promise((resolve) => {
      const events = new EventSource(`${kind}/${job.id}/events`);
      const end = () => { events.close(); resolve(); };
      events.addEventListener("progress", (event) => {
        const said = JSON.parse(event.data);
        progress(said.progress, said.stage);
      });
      for (const name of ["done", "failed", "cancelled"]) events.addEventListener(name, end);
      events.onerror = () => { if (events.readyState === EventSource.CLOSED) setTimeout(end, 1000); };
    });
    job = await get(job.href);
  }
  if (job.status === "done") return job.result ?? (await get(job.href)).result;
  throw new Problem(job.problem?.status ?? 500, job.problem?.detail ?? `The work was ${job.status}.`);
}

let version; // of the service, asked for once

// Whether the service was started with a library: what it does not have, the page does not offer.
export async function hasLibrary() {
  version ??= get("/version").catch(() => ({}));
  return Boolean((await version).library);
}
