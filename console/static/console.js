// Fills the shell: fetches the view of the same path, keeps live parts fresh, and sends forms.
// The function key stays in this tab's sessionStorage and travels in a header only.

const BASE = "/api/console";
const header = document.body.dataset.header;
const main = document.getElementById("main");
const said = document.getElementById("said");
const markups = new WeakMap(); // part → its markup as it came: typing and opening change it
let polling = 0;

function takeKey() {
  // From ?code= or #code= once; a link that is shared or logged from here on holds none.
  const query = new URLSearchParams(location.search);
  const hash = new URLSearchParams(location.hash.slice(1));
  const code = query.get("code") ?? hash.get("code");
  if (code === null) return false;
  sessionStorage.setItem("key", code);
  query.delete("code");
  const rest = query.toString();
  history.replaceState(null, "", location.pathname + (rest ? `?${rest}` : ""));
  return true;
}

async function send(url, method = "GET", body = undefined) {
  const headers = { [header]: "1" };
  const key = sessionStorage.getItem("key");
  if (key) headers["x-functions-key"] = key;
  if (body !== undefined) headers["content-type"] = "application/json";
  return fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

function viewOfThisPage() {
  const path = location.pathname.slice(BASE.length).replace(/\/$/, "");
  return `${BASE}-views${path}${location.search}`;
}

function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

function isHtml(answer) {
  return (answer.headers.get("content-type") ?? "").startsWith("text/html");
}

async function show() {
  clearTimeout(polling);
  let answer;
  try {
    answer = await send(viewOfThisPage());
  } catch {
    return showWords("The app cannot be reached, or you were signed out. Reload the page to try again.");
  }
  if (answer.status === 401) return askForKey();
  if (!isHtml(answer)) return showWords(`The app answered with status ${answer.status}.`);
  main.replaceChildren(fragment(await answer.text()));
  main.removeAttribute("aria-busy");
  const title = main.querySelector("[data-title]");
  if (title) document.title = `${title.dataset.title} · RAFT console`;
  ready();
}

function ready() {
  for (const part of main.querySelectorAll("[data-part]")) markups.set(part, part.outerHTML);
  remember(main);
  schedule();
}

function remember(place) {
  for (const field of place.querySelectorAll("[data-remember]")) {
    field.value ||= localStorage.getItem(field.name) ?? "";
  }
}

function schedule() {
  const live = main.querySelector("[data-poll]");
  if (live) polling = setTimeout(refresh, Number(live.dataset.poll));
}

// Only parts that changed are put in place, so that focus, open details and typed words stay.
async function refresh() {
  let answer;
  try {
    answer = document.hidden ? null : await send(viewOfThisPage());
  } catch {
    answer = null;
  }
  if (answer?.ok && isHtml(answer)) {
    const fresh = fragment(await answer.text());
    for (const part of fresh.querySelectorAll("[data-part]")) put(part);
  }
  schedule();
}

function put(part) {
  const old = main.querySelector(`[data-part="${part.dataset.part}"]`);
  const markup = part.outerHTML;
  if (!old || markups.get(old) === markup) return;
  const words = part.querySelector("[data-say]")?.textContent;
  if (words && words !== old.querySelector("[data-say]")?.textContent) said.textContent = words;
  const link = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
  keepOpen(old, part);
  old.replaceWith(part);
  markups.set(part, markup);
  remember(part);
  if (link) part.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus();
}

function keepOpen(old, part) {
  const was = [...old.querySelectorAll("details")].map((each) => each.open);
  part.querySelectorAll("details").forEach((each, at) => { if (was[at]) each.open = true; });
}

function showWords(words) {
  const box = document.createElement("p");
  box.className = "words fault";
  box.role = "alert";
  box.textContent = words;
  main.replaceChildren(box);
  main.removeAttribute("aria-busy");
}

function askForKey() {
  const again = sessionStorage.getItem("key") !== null;
  sessionStorage.removeItem("key");
  main.replaceChildren(document.getElementById("key").content.cloneNode(true));
  main.removeAttribute("aria-busy");
  main.querySelector(".error").hidden = !again;
  main.querySelector("input").focus();
}

const READ = {
  whole: Number,
  number: Number,
  truth: (text) => text === "true",
  wholes: (text) => text.split(",").filter((one) => one.trim()).map(Number),
  texts: (text) => text.split(",").map((one) => one.trim()).filter(Boolean),
};

// The form's fields as JSON: "a.b" is nested, what is empty is left out.
function bodyOf(form, button) {
  const body = JSON.parse(form.dataset.body ?? "{}");
  for (const field of form.elements) {
    if (!field.name || field.type === "submit" || field.type === "button") continue;
    if ((field.type === "radio" || field.type === "checkbox") && !field.checked) continue;
    const type = field.dataset.type;
    if (type === "choices") {
      const chosen = [...field.selectedOptions].map((option) => option.value);
      if (chosen.length) set(body, field.name, chosen);
    } else if (type === "list") {
      body[field.name] = [...(body[field.name] ?? []), field.value];
    } else if (field.value !== "") {
      set(body, field.name, (READ[type] ?? String)(field.value));
    }
  }
  if (button?.name) body[button.name] = button.value;
  return body;
}

function set(body, name, value) {
  const parts = name.split(".");
  const last = parts.pop();
  let place = body;
  for (const part of parts) place = place[part] ??= {};
  place[last] = value;
}

async function submit(form, button) {
  for (const field of form.querySelectorAll("[data-remember]")) localStorage.setItem(field.name, field.value);
  const view = form.dataset.view;
  const url = view ?? button?.dataset.api ?? form.dataset.api;
  const body = bodyOf(form, button);
  busy(form, true);
  let answer;
  try {
    answer = await send(url, form.dataset.method ?? "POST", body);
    if (answer.status === 401) return askForKey();
    if (view && isHtml(answer)) {
      return document.getElementById(form.dataset.into).replaceChildren(fragment(await answer.text()));
    }
    const told = await answer.json();
    if (!answer.ok) return fail(form, told.error);
    if (form.dataset.go) return location.assign(`${BASE}/runs/${told[form.dataset.go]}`);
    said.textContent = form.dataset.say ?? "Done";
    await show();
    main.querySelector("h1, h2")?.scrollIntoView({ block: "nearest" });
  } catch {
    fail(form, { message: answer ? `The app answered with status ${answer.status}.` : "The app cannot be reached." });
  } finally {
    busy(form, false);
  }
}

function busy(form, on) {
  form.setAttribute("aria-busy", String(on));
  for (const button of form.querySelectorAll("button:not([hidden])")) button.disabled = on;
}

function fail(form, error) {
  const place = form.querySelector(".error");
  const field = error?.field ? `${error.field}: ` : "";
  place.textContent = field + (error?.message ?? "It was refused.");
  place.hidden = false;
}

// With a key, a plain link would open nothing: the file is fetched, and saved.
async function save(link) {
  const answer = await send(link.href);
  if (answer.status === 401) return askForKey();
  if (!answer.ok) return (said.textContent = "There is no such file yet.");
  const url = URL.createObjectURL(await answer.blob());
  const anchor = Object.assign(document.createElement("a"), { href: url, download: link.dataset.file });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.key !== undefined) {
    event.preventDefault();
    sessionStorage.setItem("key", form.elements.key.value.trim());
    show();
  } else if (form.dataset.api || form.dataset.view) {
    event.preventDefault();
    if (form.getAttribute("aria-busy") !== "true") submit(form, event.submitter);
  }
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-file]");
  if (link && sessionStorage.getItem("key")) {
    event.preventDefault();
    save(link);
  }
  const button = event.target.closest("button[data-check], button[data-uncheck]");
  if (button) {
    const name = button.dataset.check ?? button.dataset.uncheck;
    for (const box of button.form.elements) {
      if (box.name === name) box.checked = button.dataset.check !== undefined;
    }
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-filters]");
  if (form) form.requestSubmit();
});

for (const link of document.querySelectorAll("[data-nav]")) {
  const here = location.pathname.slice(BASE.length).replace(/^\/|\/$/g, "");
  if (link.dataset.nav === here) link.setAttribute("aria-current", "page");
}
addEventListener("hashchange", () => takeKey() && show());
takeKey();
if (document.getElementById("loading")) show();
