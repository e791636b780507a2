// One item: take it, open its words, decide. The words are hidden until somebody opens them, and again when nobody has
// touched the page for a while.

const HIDE_AFTER = 5 * 60_000;
const LAST_MINUTES = 2 * 60_000;

async function itemView({ id }, view) {
  let item = await reviews.get(id, view.signal);
  if (item.lane === "sensitive" && !state.queue) await reviews.list({ limit: "1" }, view.signal);
  let opened = null; // the words, while they are shown
  let claimedAt = now();
  let failure = null;
  let shownAsMine = false;
  const places = { tags: h("div", {}), danger: h("div", {}), facts: h("div", {}), lease: h("div", {}), words: h("div", {}), decide: h("div", {}), history: h("div", {}) };
  const ticks = {};

  /** The item as it is by now. */
  const take = (answer) => {
    if (answer.claimed_until !== item.claimed_until) claimedAt = now();
    item = answer;
    draw();
  };
  const act = async (does, place, after) => {
    failure = null;
    fill(place.querySelector(".failed") ?? place);
    try {
      take(await does());
      after?.();
    } catch (error) {
      await failed(error, place, () => act(does, place, after));
    }
  };
  /** Somebody else was faster, or the item is closed: it is shown as it is now, under what went wrong. */
  const failed = async (error, place, again) => {
    if (error.problem?.status === 401 || view.signal.aborted) return;
    if (MOVED.includes(error.problem?.code)) {
      if (error.problem.code === "not_opened") draftOf(id, { opened: false });
      failure = error;
      take(await reviews.get(id, view.signal).catch(() => item));
    } else fill(place.querySelector(".failed") ?? place, trouble(error, again));
  };

  const mine = () => holder(item).mine;
  const claim = (after) => act(() => reviews.claim(id), places.lease, after);
  const claimed = () => {
    announce(t("lease.taken", { until: clock(item.claimed_until) }));
    document.getElementById("open-words")?.focus();
  };
  const release = () =>
    act(
      () => reviews.release(id),
      places.lease,
      () => {
        // Notes that were typed stay; nothing else of it does.
        if (draftOf(id).notes.trim()) draftOf(id, { decision: null, opened: false, key: null });
        else dropDraft(id);
        announce(t("lease.released"));
        location.hash = "#/queue";
      },
    );
  const open = () =>
    act(
      async () => {
        opened = await reviews.open(id, view.signal);
        draftOf(id, { opened: true });
        return opened.item;
      },
      places.words,
      () => document.getElementById("words")?.focus(),
    );
  const hide = (text) => {
    opened = null;
    drawWords();
    announce(t(text));
    document.getElementById("open-words")?.focus();
  };

  // ── Parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  function draw() {
    const focused = document.activeElement?.id;
    fill(places.tags, tags(item));
    fill(places.danger, item.lane === "sensitive" ? danger(item) : null);
    drawFacts();
    drawLease();
    drawWords();
    decision.draw();
    fill(places.history, opened ? earlier(opened.history, item) : null, item.decided ? appealCard(item) : null);
    if (focused && !document.activeElement?.id) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  function drawFacts() {
    const old = now() - new Date(item.written_at) > 2 * 86_400_000;
    fill(
      places.facts,
      h(
        "div",
        { class: "lines" },
        lines(item),
        old && item.lane === "sensitive" ? h("p", {}, t("item.old")) : null,
        h("p", {}, t(`screened.${item.decision}`)),
        item.failure ? h("p", {}, t("item.failure"), " ", label("failure", item.failure)) : null,
        item.withdrawn_at ? h("p", {}, t("item.withdrawn")) : null,
        target(item, (tick) => (ticks.target = tick)),
      ),
    );
  }

  function drawLease() {
    const { by, until } = holder(item);
    const left = h("b", {});
    ticks.lease = () => {
      const ms = new Date(item.claimed_until) - now();
      left.textContent = ms > 0 ? t("lease.left", { length: ms < LAST_MINUTES ? unit(Math.ceil(ms / 1000), "second") : length(ms) }) : "";
    };
    ticks.lease();
    shownAsMine = mine();
    const lapsed = item.state === "claimed" && !by && item.claimed_by_me;
    fill(
      places.lease,
      h(
        "div",
        { class: `lease note ${mine() ? "info" : by || lapsed ? "warn" : ""}` },
        failure ? trouble(failure) : null,
        item.state === "closed"
          ? h("p", {}, closedText(item))
          : mine()
            ? h("p", {}, t("lease.mine"), " ", left)
            : h("p", {}, by ? t("lease.other", { by, until: clock(until) }) : t(lapsed ? "lease.lapsed" : "lease.free")),
        item.state === "closed" || by
          ? null
          : h("div", { class: "actions" }, keyed("c", t(lapsed ? "lease.again" : "lease.take"), () => claim(claimed), "main")),
        mine()
          ? h("div", { class: "actions" }, button(t("lease.longer"), () => claim(() => announce(t("lease.taken", { until: clock(item.claimed_until) }))), "slim"), keyed("r", t("lease.release"), release, "slim"))
          : null,
        h("div", { class: "failed" }),
      ),
    );
  }

  function drawWords() {
    if (opened && !mine() && item.state !== "closed") opened = null;
    if (opened) {
      fill(
        places.words,
        card(
          h("h2", {}, t("item.words")),
          opened.text === undefined ? h("p", { id: "words", tabindex: "-1" }, t("item.unreadable")) : wordsNodes(opened.text, opened.places, item.language),
          h("div", { class: "actions" }, keyed("o", t("item.hide"), () => hide("item.hidden_now"), "slim")),
        ),
      );
    } else if (mine()) {
      fill(
        places.words,
        card(
          h("h2", {}, t("item.words")),
          h("p", {}, t("item.hidden")),
          h("div", { class: "actions" }, keyed("o", t("item.open"), open, "main")),
          h("div", { class: "failed" }),
        ),
      );
      places.words.querySelector("button").id = "open-words";
    } else fill(places.words);
  }

  const decision = decisionPart(places.decide, {
    item: () => item,
    opened: () => opened,
    mine,
    claim: async () => take(await reviews.claim(id)),
    failed,
    done: (kind) => doneView(item, kind, view),
    signal: view.signal,
  });

  view.show(foundNames(item.findings), places.tags, places.facts, places.lease, places.words, places.danger, places.decide, places.history, h("p", {}, link(t("item.to_queue"), "#/queue")));
  draw();

  const marks = (by) => {
    const all = [...places.words.querySelectorAll("mark[id]")];
    const at = all.indexOf(document.activeElement);
    const mark = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    mark?.scrollIntoView({ block: "center" });
    mark?.focus({ preventScroll: true });
  };
  bind(view, "item", {
    c: () => item.state !== "closed" && !holder(item).by && claim(claimed),
    o: () => (opened ? hide("item.hidden_now") : mine() && open()),
    r: () => mine() && release(),
    q: () => (location.hash = "#/queue"),
    j: () => marks(1),
    k: () => marks(-1),
    ...Object.fromEntries(DECISIONS.map((kind, n) => [String(n + 1), () => decision.choose(kind)])),
  });

  // Somebody else's item may become free, or be decided.
  watch(view, () => mine() || reviews.get(id, view.signal).then(take, () => {}));

  // ── As time goes by ────────────────────────────────────────────────────────────────────────────────────────────────

  let warned = false,
    asked = Date.now();
  every(view, 1, () => {
    ticks.target?.();
    ticks.lease?.();
    const left = new Date(item.claimed_until) - now();
    if (mine() && left < LAST_MINUTES && !warned) announce(t("lease.soon"));
    warned = mine() && left < LAST_MINUTES;
    if (shownAsMine && !mine()) {
      // The words go out of sight with the claim: somebody else may take it now. The notes stay.
      draw();
      announce(t("lease.lapsed"));
    }
    if (opened && Date.now() - active > HIDE_AFTER) hide("item.hidden_idle");
    // Who works on it keeps it; asked at most twice a minute, and not before half of the time is gone.
    const half = (new Date(item.claimed_until) - claimedAt) / 2;
    if (mine() && !decision.sending() && left < Math.max(half, LAST_MINUTES) && Date.now() - active < 60_000 && Date.now() - asked > 30_000 && draftOf(id).opened) {
      asked = Date.now();
      reviews.claim(id).then(take, (error) => failed(error, h("div", {})));
    }
  });
}

/** What somebody reads first when a text may be about a life. */
function danger(item) {
  return h("div", {}, note("bad", h("h2", {}, t("danger.title")), h("ul", {}, ["judge", "act", "lines", "decide"].map((line) => h("li", {}, t(`danger.${line}`))))), notice());
}

const closedText = (item) =>
  item.decided ? t("closed.decided", { what: say(item.decided.decision, "name", item), by: item.decided.by, when: when(item.decided.at) }) : t(`closed.${item.closed_by ?? "other"}`);

/** What was decided on this text before, and why that was contested. */
function earlier(steps, item) {
  if (!steps.length) return null;
  return card(
    h("h2", {}, t("history.title")),
    h(
      "ol",
      { class: "reasons" },
      steps.map((one) => h("li", {}, h("b", {}, one.step === "appeal" ? t("reason.appeal") : say(one.step, "name", item)), h("p", { class: "small" }, `${one.by}, ${when(one.at)}`), one.notes ? h("p", { class: "noted", dir: "auto" }, one.notes) : null)),
    ),
  );
}

/** After a decision: what happens now, and the next one. */
function doneView(item, kind, view) {
  const failed = h("div", {});
  const next = () => takeNext(view, failed, null, item.id);
  history.replaceState(null, "", "#/done"); // so that the same item can be gone to once more
  view.show(
    say(kind, "done", item),
    note("good", h("p", {}, say(kind, "does", item))),
    failed,
    h("div", { class: "actions" }, keyed("n", t("queue.next"), next, "main"), keyed("q", t("item.to_queue"), () => (location.hash = "#/queue"))),
  );
  announce(say(kind, "done", item));
  bind(view, "done", { n: next, q: () => (location.hash = "#/queue") });
}
