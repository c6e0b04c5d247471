// The live connection: notifications as they happen, the number of unread ones,
// and whether we are connected.
//
// One tab of a browser holds the socket and passes on what it hears; where the
// browser has no locks (plain http on a LAN) each tab holds its own. A
// connection that comes back names the last notification that was seen, so
// nothing is missed and nothing shown twice.

const body = document.body;
const seen = new Set(); // ids of notifications, so that none is shown twice
const recent = []; // what this tab heard last, for tabs that open meanwhile
const keep = 50;
const patience = [1000, 30000]; // ms between attempts: first and longest

let since = body.dataset.since || "";
let channel = null;
let leading = false; // this tab holds the socket
let state = "";
let count = Number(body.dataset.unread) || 0; // of notifications that were not read
let attempt = 0;
let timer = 0;
let leaving = false; // the reader logs out: the form leads to the login itself

export function start() {
  if (!body.dataset.stream || !("WebSocket" in window)) return;
  const name = "crk:" + body.dataset.reader;
  if (navigator.locks && "BroadcastChannel" in window) {
    channel = new BroadcastChannel(name);
    channel.onmessage = (event) => overheard(event.data);
    channel.postMessage({ type: "hello" });
    navigator.locks.request(name, () => new Promise(connect)); // held until the tab closes
  } else {
    connect();
  }
  addEventListener("submit", (event) => { leaving = event.target.getAttribute("action") === "/logout"; });
  addEventListener("offline", () => show("off"));
  addEventListener("online", () => {
    if (!timer) return;
    clearTimeout(timer);
    connect();
  });
}

// connect keeps a socket open for as long as the page lives.
function connect() {
  timer = 0;
  leading = true;
  const url = new URL(body.dataset.stream, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  if (since) url.searchParams.set("since", since);
  const socket = new WebSocket(url);
  let opened = false;
  socket.onopen = () => {
    opened = true;
    attempt = 0;
  };
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    heard(message);
    channel?.postMessage(message);
  };
  socket.onclose = (event) => {
    if (event.code === 4401) {
      if (!leaving) location.assign("/login?next=" + encodeURIComponent(location.pathname + location.search));
      return;
    }
    show("off");
    channel?.postMessage({ type: "state", state });
    timer = setTimeout(connect, pause(opened));
  };
}

// pause is how long to wait: longer each time, and not the same for everybody.
function pause(opened) {
  if (!opened) attempt++;
  const limit = Math.min(patience[0] * 2 ** attempt, patience[1]);
  return limit / 2 + Math.random() * limit / 2;
}

function heard(message) {
  switch (message.type) {
    case "ready":
      since = message.lastId || since;
      show("on");
      break;
    case "notification":
      notification(message.notification);
      break;
    case "unread":
      unread(message.unreadCount);
      break;
    case "resync": // what was missed is too much to be sent: the page asks for it
      since = "";
      announce("crk:notification");
      break;
    default: // a recording, a provider, a chat: something is different now
      announce("crk:changed");
  }
}

// overheard is what other tabs say: what the leading one heard, and greetings
// of those that opened meanwhile and may have missed something.
function overheard(message) {
  switch (message.type) {
    case "hello":
      if (!leading) return;
      channel.postMessage({ type: "state", state });
      for (const n of recent) channel.postMessage({ type: "recent", notification: n });
      break;
    case "state":
      show(message.state);
      break;
    case "recent":
      if (message.notification.id > (body.dataset.since || "")) notification(message.notification); // ids grow with time
      break;
    default:
      heard(message);
  }
}

function notification(n) {
  since = n.id;
  if (seen.has(n.id)) return;
  seen.add(n.id);
  recent.push(n);
  if (recent.length > keep) seen.delete(recent.shift().id);
  toast(n);
  unread(count + 1); // the server's own count follows a reconnection and a reading
  announce("crk:notification");
  if (document.visibilityState === "visible") ring(n.severity);
  else if (leading) desktop(n);
}

// announce tells the parts of the page that ask the server again.
function announce(name) {
  body.dispatchEvent(new CustomEvent(name));
}

function show(now) {
  if (!now) return;
  state = now;
  for (const el of document.querySelectorAll("[data-live]")) {
    el.dataset.state = state;
    el.lastElementChild.textContent = state === "on" ? el.dataset.on : el.dataset.off;
  }
}

function unread(n) {
  count = n;
  for (const el of document.querySelectorAll(".nav [data-unread]")) {
    el.textContent = n > 99 ? "99+" : String(n);
    el.hidden = n === 0;
  }
  const title = document.title.replace(/^\(\d+\+?\) /, "");
  document.title = n > 0 ? `(${n > 99 ? "99+" : n}) ${title}` : title;
}

const looks = {
  critical: ["crit", "triangle-alert"],
  warning: ["warn", "triangle-alert"],
  success: ["ok", "circle-check"],
};

// toast shows a notification in a corner. Its words come from other people's
// programs: they are only ever text.
function toast(n) {
  const [look, icon] = looks[n.severity] || ["info", "bell"];
  const box = element("div", "toast " + look);
  const text = element("div");
  const title = element("b");
  const link = address(n.data);
  if (link) {
    const a = element("a", "", n.title);
    a.href = link;
    title.append(a);
  } else {
    title.textContent = n.title;
  }
  text.append(title);
  if (n.body) text.append(element("p", "", n.body));
  const close = element("button", "btn sm only quiet");
  close.type = "button";
  const list = document.getElementById("toasts");
  close.setAttribute("aria-label", list.dataset.close);
  close.append(drawing("x"));
  close.addEventListener("click", () => box.remove());
  box.append(drawing(icon), text, close);
  list.append(box);
  while (list.childElementCount > 4) list.firstElementChild.remove();
  if (n.severity !== "critical") setTimeout(() => box.remove(), 9000);
}

// address is where a notification leads, if that is a call or a web page.
function address(data) {
  if (data?.recordingId) return "/calls/" + encodeURIComponent(data.recordingId);
  try {
    const url = new URL(data?.link);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : "";
  } catch {
    return "";
  }
}

function element(name, className = "", text = "") {
  const el = document.createElement(name);
  if (className) el.className = className;
  if (text) el.textContent = text;
  return el;
}

function drawing(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", body.dataset.icons + "#" + name);
  svg.append(use);
  return svg;
}

// ring plays two soft tones; browsers allow it once somebody has pressed
// something on the page.
function ring(severity) {
  if (body.dataset.sound !== "true" || !navigator.userActivation?.hasBeenActive) return;
  const audio = new AudioContext();
  const tones = severity === "critical" ? [880, 660, 880] : [660, 880];
  tones.forEach((hertz, i) => {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const at = audio.currentTime + i * 0.14;
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.12, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.22);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.24);
    if (i === tones.length - 1) tone.onended = () => audio.close();
  });
}

function desktop(n) {
  if (body.dataset.desktop !== "true" || !("Notification" in window) || Notification.permission !== "granted") return;
  const shown = new Notification(n.title, { body: n.body || "", tag: n.id });
  shown.onclick = () => {
    focus();
    const link = address(n.data);
    if (link) location.assign(link);
    shown.close();
  };
}
