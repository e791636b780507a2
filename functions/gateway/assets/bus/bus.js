// The operator's page: is what was published received, replays, dead letters. Text goes in as text only.

const V1 = new URL("../", location.href); // …/v1/, whatever stands in front of it
const main = document.getElementById("main");
let token = sessionStorage.getItem("teei.token");
let timer;

function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(9)) if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}

const button = (text, onclick, kind = "") => h("button", { type: "button", class: `button ${kind}`, onclick }, text);
const announce = (text) => (document.getElementById("live").textContent = text);
const number = (n) => (n === undefined || n === null ? "?" : n.toLocaleString("en-GB"));
const moment = (time) => (time ? new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" }) : "");
const age = (s) => (s < 90 ? `${s} s` : s < 5400 ? `${Math.round(s / 60)} min` : s < 129600 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} days`);

/** A request; the JSON of the answer, or an error with the problem's own words. */
async function api(method, path, body) {
  const headers = { Authorization: `Bearer ${token}` };
  if (body) headers["Content-Type"] = "application/json";
  if (body && !body.dry_run) headers["Idempotency-Key"] = crypto.randomUUID();
  let answer;
  try {
    answer = await fetch(new URL(path, V1), { method, headers, body: body && JSON.stringify(body), credentials: "omit" });
  } catch {
    throw new Error("There is no answer. Is the platform up?");
  }
  const content = await answer.json().catch(() => ({}));
  if (answer.ok) return content;
  if (answer.status === 401) signOut(content.detail);
  const fields = (content.errors ?? []).map((field) => ` ${field.pointer}: ${field.detail}`).join("");
  throw new Error(`${content.detail ?? `The answer is ${answer.status}.`}${fields} (${content.code ?? answer.status})`);
}

/** Runs an action of a button; its outcome is a sentence beside it. */
function act(place, action) {
  return async () => {
    place.replaceChildren("…");
    try {
      const text = await action();
      place.replaceChildren(text ? h("p", { class: "note good" }, text) : "");
      if (text) announce(text);
    } catch (error) {
      place.replaceChildren(h("p", { class: "note bad", role: "alert" }, error.message));
    }
  };
}

function table(caption, heads, rows) {
  const cell = (value, n) => h(n === 0 ? "th" : "td", n === 0 ? { scope: "row" } : {}, value);
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell)))),
    ),
  );
}

// ── Published = received ─────────────────────────────────────────────────────────────────────────────────────────────

const VERDICTS = {
  ok: ["good", "Everything that was published was received."],
  behind: ["warn", "The consumer is behind: what is missing may be what waits in its queue."],
  replaying: ["info", "A replay is sending events once more."],
  failed: ["bad", "Some events are dead letters. Remove the cause, then put them back below."],
  gap: ["bad", "Events are lost on their way. Look at the consumer's rule, the bus's name and the queue, then replay them."],
};

function received(found) {
  const outbox = found.outbox;
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Published = received"),
    h("p", { class: "small" }, `Events recorded since ${moment(found.from)}, published more than ${found.grace_seconds} s ago.`),
    h(
      "p",
      {},
      `Waiting to be published: ${number(outbox.unpublished)}`,
      outbox.unpublished ? `, the oldest for ${age(outbox.oldest_unpublished_seconds)}` : "",
      `. Refused by the bus: ${number(outbox.refused)}.`,
    ),
    found.consumers.map((one) => {
      const [kind, words] = VERDICTS[one.status];
      const gap = one.oldest_gap;
      const odd = one.types.filter((type) => type.missing || type.failed || type.replaying);
      return [
        h("h3", {}, one.consumer),
        h("p", { class: `note ${kind}` }, words),
        table(
          `Counts of ${one.consumer}`,
          ["type", "published", "received", "missing", "dead letters", "in a replay", "oldest gap"],
          [[h("span", {}, "all types"), one], ...odd.map((type) => [type.type, type])].map(([name, of]) => [
            name,
            number(of.published),
            number(of.received),
            number(of.missing),
            number(of.failed),
            number(of.replaying),
            of.oldest_gap ? `${age(of.oldest_gap.age_seconds)} ago, ${of.oldest_gap.event_id}` : "",
          ]),
        ),
        h("p", { class: "small" }, `In its queue: ${number(one.waiting)}; dead: ${number(one.dead_letters)}.`),
        gap ? h("p", {}, `The first that is missing is a ${gap.type}.`) : null,
      ];
    }),
  );
}

// ── Replays ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function replays(found, consumers) {
  const field = (id, label, props, help) =>
    h(
      "div",
      { class: "field" },
      h("label", { for: id }, label),
      h("input", { id, name: id, type: "text", autocomplete: "off", spellcheck: "false", ...props }),
      help ? h("p", { class: "small" }, help) : null,
    );
  const all = h("input", { type: "checkbox", id: "all" });
  const consumer = h("select", { id: "consumer" }, consumers.map((one) => h("option", {}, one.consumer)));
  const types = h("select", { id: "types", multiple: true, size: 6 });
  const fillTypes = () =>
    types.replaceChildren(...(consumers.find((one) => one.consumer === consumer.value)?.types ?? []).map((type) => h("option", {}, type.type)));
  consumer.addEventListener("change", fillTypes);
  fillTypes();
  const outcome = h("div", {});
  const form = h(
    "form",
    { novalidate: true, onsubmit: (event) => event.preventDefault() },
    h("div", { class: "field" }, h("label", { for: "consumer" }, "To"), consumer),
    h("div", { class: "field" }, h("label", { class: "choice", for: "all" }, all, "Everything it reads: what it made of events is made anew.")),
    h("div", { class: "field" }, h("label", { for: "types" }, "Only these types"), types),
    field("subject", "Only about this fact", { placeholder: "its id" }),
    field("import", "Only of this import", { placeholder: "its id" }),
    field("from", "Recorded from", { placeholder: "2025-03-01T00:00:00Z" }),
    field("until", "Recorded before", { placeholder: "2025-04-01T00:00:00Z" }),
  );
  const wanted = (dryRun) => {
    const body = { consumer: consumer.value, dry_run: dryRun };
    if (all.checked) body.all = true;
    const chosen = [...types.selectedOptions].map((option) => option.value);
    if (chosen.length) body.types = chosen;
    for (const name of ["subject", "import", "from", "until"]) {
      const value = form.elements[name].value.trim();
      if (value) body[name] = value;
    }
    return body;
  };
  const count = act(outcome, async () => {
    const counted = await api("POST", "bus/replays", wanted(true));
    const each = counted.types.map((type) => `${number(type.events)} ${type.type}`).join(", ");
    return `${number(counted.total)} events would be sent${each ? `: ${each}` : ""}. Nothing was sent.`;
  });
  const send = act(outcome, async () => {
    const counted = await api("POST", "bus/replays", wanted(true));
    if (!confirm(`Send ${number(counted.total)} events to ${consumer.value} once more?`)) return "Nothing was sent.";
    const replay = await api("POST", "bus/replays", wanted(false));
    refresh();
    return `Replay ${replay.id} is ${replay.state}.`;
  });
  const what = (one) =>
    one.all
      ? "everything"
      : [one.types?.join(", "), one.subject && `fact ${one.subject}`, one.import && `import ${one.import}`, one.from && `from ${one.from}`, one.until && `before ${one.until}`]
          .filter(Boolean)
          .join("; ");
  return [
    h("section", { class: "card" }, h("h2", {}, "Send events once more"), form, h("div", { class: "actions" }, button("Count only", count), button("Send", send, "main")), outcome),
    h(
      "section",
      { class: "card" },
      h("h2", {}, "Replays"),
      found.items.length
        ? table(
            "Replays, newest first",
            ["asked for", "by", "to", "what", "state", "sent", "taken in", "dead letters"],
            found.items.map((one) => [
              moment(one.created_at),
              one.requested_by,
              one.consumer,
              what(one),
              one.reason ? `${one.state}: ${one.reason}` : one.state,
              `${number(one.sent)} of ${number(one.total)}`,
              number(one.taken_in),
              number(one.failed),
            ]),
          )
        : h("p", {}, "There was none yet."),
    ),
  ];
}

// ── Dead letters ─────────────────────────────────────────────────────────────────────────────────────────────────────

function letters(found) {
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Dead letters"),
    found.items.map((one) => {
      const outcome = h("div", {});
      const back = act(outcome, async () => {
        const moved = await api("POST", "bus/redrives", { function: one.function });
        refresh();
        return `${number(moved.dead_letters)} messages and ${number(moved.refused)} refused events are on their way.`;
      });
      const any = one.dead_letters || one.refused;
      return [
        h("h3", {}, one.function),
        h("p", {}, `${number(one.dead_letters)} dead letters`, one.refused === undefined ? "." : `, ${number(one.refused)} events refused by the bus.`),
        one.reasons.length
          ? table(
              `Reasons of ${one.function}`,
              ["event or message", "type", "code", "tries", "first", "last"],
              one.reasons.map((why) => [why.event_id ?? why.message_id, why.type ?? "", why.code, number(why.tries), moment(why.first_at), moment(why.last_at)]),
            )
          : null,
        any ? button("Put back", back) : null,
        outcome,
      ];
    }),
  );
}

// ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function signOut(why) {
  token = null;
  clearTimeout(timer);
  sessionStorage.removeItem("teei.token");
  show(why);
}

function signIn(why) {
  const field = h("input", { type: "password", id: "token", autocomplete: "off", spellcheck: "false" });
  const failed = h("div", {}, why ? h("p", { class: "note bad", role: "alert" }, why) : null);
  const submit = async (event) => {
    event.preventDefault();
    const given = field.value.trim().replace(/^Bearer\s+/i, "");
    // What is no token at all would not even fit into a header.
    if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(given)) return failed.replaceChildren(h("p", { class: "error", role: "alert" }, "This is no token."));
    token = given;
    try {
      await api("GET", "bus/replays?limit=1");
      sessionStorage.setItem("teei.token", token);
      show();
    } catch (error) {
      if (!token) return; // shown by the way out
      token = null;
      failed.replaceChildren(h("p", { class: "note bad", role: "alert" }, error.message));
    }
  };
  main.replaceChildren(
    h("h1", { tabindex: "-1" }, "Sign in"),
    h(
      "form",
      { class: "card", onsubmit: submit, novalidate: true },
      h("div", { class: "field" }, h("label", { for: "token" }, "Token"), field, failed, h("p", { class: "small" }, "One of the role admin: make token ROLE=admin")),
      h("button", { type: "submit", class: "button main" }, "Sign in"),
    ),
  );
}

const places = { received: h("div", {}), replays: h("div", {}), letters: h("div", {}) };

/** Asks again. The form stays as it is while somebody fills it in: it is drawn once. */
async function refresh() {
  clearTimeout(timer);
  try {
    const [found, list, dead] = await Promise.all([api("GET", "bus/reconciliation"), api("GET", "bus/replays?limit=20"), api("GET", "bus/dead-letters")]);
    places.received.replaceChildren(received(found));
    const [form, shown] = replays(list, found.consumers);
    if (places.replays.firstChild) places.replays.lastChild.replaceWith(shown);
    else places.replays.replaceChildren(form, shown);
    places.letters.replaceChildren(letters(dead));
    if (list.items.some((one) => !["done", "failed"].includes(one.state))) timer = setTimeout(refresh, 3000);
  } catch (error) {
    if (token) places.received.replaceChildren(h("p", { class: "note bad", role: "alert" }, error.message));
  }
}

function show(why) {
  document.getElementById("tools").replaceChildren(...(token ? [button("Ask again", refresh, "slim"), button("Sign out", () => signOut(), "slim")] : []));
  if (!token) return signIn(why);
  main.replaceChildren(h("h1", { tabindex: "-1" }, "The bus"), places.received, places.replays, places.letters);
  refresh();
}

show();
