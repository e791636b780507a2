// The queue: how many wait, what must not wait, who holds what.

/** Kept between two looks, so that a new urgent item is told. */
let urgentBefore = null;

async function queueView(query, view) {
  const places = { notice: h("div", {}), tiles: h("div", {}), lists: h("div", {}), failed: h("div", {}) };
  const looked = h("span", { class: "small" });
  let page, at, timers;

  const ask = async () => {
    try {
      page = await reviews.list({ limit: "100" }, view.signal);
      at = now();
      fill(places.failed);
      draw();
    } catch (error) {
      // What was seen stays, with the time of it.
      if (page) fill(places.failed, trouble(error, ask));
      else throw error;
    }
  };
  const again = () => ask().then(() => announce(t("queue.looked", { at: clock(at) })));

  function draw() {
    const focused = document.activeElement?.id;
    timers = [];
    const { items } = page;
    const mine = items.filter((item) => holder(item).mine);
    const others = items.filter((item) => !holder(item).mine);
    const lane = (name) => others.filter((item) => item.lane === name);
    const { general, sensitive } = page.queue;
    const [waiting, urgent] = ["waiting", "urgent"].map((what) => general[what] + (sensitive?.[what] ?? 0));
    fill(places.notice, notice());
    fill(places.tiles, tiles({ waiting, urgent }, mine.length, sensitive, (tick) => timers.push(tick)));
    fill(
      places.lists,
      mine.length ? section("mine", mine) : null,
      lane("sensitive").length ? section("sensitive", lane("sensitive")) : null,
      lane("general").length ? section("general", lane("general")) : null,
      items.length ? null : card(h("h2", {}, t("queue.empty")), h("p", {}, t("queue.empty_help"))),
      page.next ? note("info", h("p", {}, t("queue.more", { n: items.length }))) : null,
    );
    looked.textContent = t("queue.looked", { at: clock(at) });
    document.title = `${waiting ? `(${waiting}) ` : ""}${t("queue.title")} – ${t("frame.brand")}`;
    if (urgentBefore !== null && urgent > urgentBefore) announce(t("queue.urgent_now", { n: urgent }));
    urgentBefore = urgent;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  const section = (name, items) =>
    h("section", { class: "card", "aria-labelledby": `of-${name}` }, h("h2", { id: `of-${name}` }, t(`queue.${name}`)), h("p", { class: "small" }, t(`queue.about.${name}`)), h("ul", { class: "plain queue" }, items.map((item) => row(item, (tick) => timers.push(tick)))));

  const next = () => takeNext(view, places.failed, page?.items);
  const step = (by) => {
    const links = [...places.lists.querySelectorAll(".queue h3 a")];
    const at = links.indexOf(document.activeElement?.closest(".queue > li")?.querySelector("h3 a"));
    links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
  };

  await ask();
  view.show(
    t("queue.title"),
    places.failed,
    places.tiles,
    h("div", { class: "actions" }, keyed("n", t("queue.next"), next, "main"), keyed("u", t("queue.look"), again), button(t("keys.button"), keysHelp, "by-keys"), looked),
    places.notice,
    places.lists,
  );
  draw();
  bind(view, "queue", { n: next, u: again, j: () => step(1), k: () => step(-1) });
  every(view, 10, () => timers.forEach((tick) => tick()));
  watch(view, ask);
}

/** The head of the page in four numbers. */
function tiles(counts, mine, sensitive, ticking) {
  const tile = (name, n, kind) =>
    h("li", { class: `tile ${n ? kind : "none"}` }, h("b", {}, number(n)), h("span", {}, t(`queue.tile.${name}`, { n })));
  return h(
    "ul",
    { class: "plain tiles" },
    tile("waiting", counts.waiting, ""),
    tile("urgent", counts.urgent, "warn"),
    sensitive ? targetTile(sensitive, ticking) : null,
    tile("mine", mine, "info"),
  );
}

/** How many were not opened in time; while there is none, how long until there is one. */
function targetTile({ overdue, next_due_at: due }, ticking) {
  const tile = h("li", {});
  const tick = () => {
    const left = due ? new Date(due) - now() : 0;
    const late = Math.max(overdue, due && left < 0 ? 1 : 0);
    tile.className = `tile ${late ? "bad" : due ? "warn" : "none"}`;
    const [big, small] = due && !late ? [length(left), t("queue.tile.next_target")] : [number(late), t("queue.tile.late", { n: late })];
    fill(tile, h("b", {}, big), h("span", {}, small));
  };
  tick();
  ticking(tick);
  return tile;
}

/** Tags of what must be seen at once. */
function tags(item) {
  const tag = (kind, text) => [h("span", { class: `tag ${kind}` }, text), " "];
  return h(
    "p",
    { class: "tags" },
    item.urgent ? tag("bad", t("tag.urgent")) : null,
    item.lane === "sensitive" ? tag("warn", t("tag.sensitive")) : null,
    has(`reason.${item.reason}`) ? tag("info", t(`reason.${item.reason}`)) : null,
    item.withdrawn_at ? tag("", t("tag.withdrawn")) : null,
    drafts.get(item.id)?.notes.trim() ? tag("warn", t("tag.draft")) : null,
  );
}

/** By when it is to be opened first; grows older by itself. */
function target(item, ticking) {
  if (!item.due_at) return null;
  const node = h("p", { class: "target" });
  const tick = () => {
    const left = new Date(item.due_at) - now();
    node.classList.toggle("late", left < 0 && !item.opened_at);
    node.textContent = item.opened_at
      ? t("target.opened", { at: soon(item.opened_at) })
      : t(left < 0 ? "target.late" : "target.left", { length: length(Math.abs(left)), at: soon(item.due_at) });
  };
  tick();
  ticking(tick);
  return node;
}

/** Who holds it. */
function held(item) {
  const { by, mine, until } = holder(item);
  if (!by) return t("held.nobody");
  return t(mine ? "held.you" : "held.other", { by, until: clock(until) });
}

const about = (item) => [label("kind", item.kind), item.author_role && t("item.by", { who: label("role", item.author_role) }), item.language && label("language", item.language)].filter(Boolean).join(" · ");

/** What it is, when it was written, since when it waits. */
const lines = (item) => [
  h("p", { class: "small" }, about(item)),
  h(
    "p",
    {},
    h("b", {}, t("item.written", { ago: ago(item.written_at) })),
    ` (${when(item.written_at)}). `,
    h("span", { class: "small" }, t("item.waits", { length: length(now() - new Date(item.raised_at)) })),
  ),
];

function row(item, ticking) {
  const { by } = holder(item);
  return h(
    "li",
    { class: item.urgent ? "urgent" : null },
    tags(item),
    h("h3", {}, h("a", { href: `#/reviews/${item.id}`, id: `at-${item.id}` }, foundNames(item.findings))),
    lines(item),
    target(item, ticking),
    h("p", { class: by ? "holder" : "small" }, held(item)),
  );
}

/** Takes the first that nobody holds, in the order of the queue, but not the one `just` passed on; the next one where somebody was faster. */
async function takeNext(view, failed, items, just) {
  try {
    items ??= (await reviews.list({ limit: "100" }, view.signal)).items;
    const free = items.filter((item) => !holder(item).by && item.id !== just);
    const ordered = [...free.filter((item) => item.lane === "sensitive"), ...free.filter((item) => item.lane !== "sensitive")];
    for (const { id } of ordered.slice(0, 5)) {
      try {
        await reviews.claim(id);
        location.hash = `#/reviews/${id}`;
        return;
      } catch (error) {
        if (!["already_claimed", "review_closed", "other_eyes", "not_found"].includes(error.problem?.code)) throw error;
      }
    }
    announce(t("queue.none_free"));
    fill(failed, note("info", h("p", { role: "status" }, t("queue.none_free"))));
  } catch (error) {
    fill(failed, trouble(error, () => takeNext(view, failed, items, just)));
  }
}
