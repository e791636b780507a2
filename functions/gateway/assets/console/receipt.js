// One import: what became of every row, and what can be done about it.

const FATES = ["new", "changed", "unchanged", "duplicate", "blank", "rejected", "suppressed"];
const AFTER_UNDO = ["restored", "removed", "kept_later_edit"];

async function receiptView({ id, line }, view) {
  const receipt = await api("GET", `imports/${id}`, { signal: view.signal });
  if (receipt.status !== "done" && !isLate(receipt)) return progressView(receipt, view);
  view.show(
    nameOf(receipt),
    kindLine(receipt),
    summary(receipt),
    decide(receipt, view),
    rejected(receipt, view),
    warnings(receipt),
    undoCard(receipt, view),
    records(receipt, view, line),
    found(receipt),
  );
  if (line) toRecords(document.getElementById("line"));
}

/** An upload that nobody here makes and that was announced a while ago does not come any more. */
const isLate = ({ id, status, created_at: announced }) =>
  status === "waiting_upload" &&
  !jobs.some((job) => job.id === id && ["waiting", "uploading", "queued"].includes(job.stage)) &&
  Date.now() - Date.parse(announced) > 120_000;

const kindLine = (receipt) =>
  h(
    "p",
    { class: "lead" },
    outcomeTag(receipt),
    " ",
    label("source", receipt.source),
    receipt.entity ? ` · ${label("entity", receipt.entity)}` : "",
    receipt.finished_at ? ` · ${when(receipt.finished_at)}` : "",
  );

/**
 * While it is read; becomes the receipt when it is done. `deed`: a commit or an undo runs, `unlike` is the
 * receipt from before.
 */
async function progressView(receipt, view, { deed, unlike } = {}) {
  const text = h("p", {}, h("span", { class: "busy", "aria-hidden": "true" }, "● "), h("span", {}));
  const seen = (status) => {
    if (isLate({ ...receipt, status })) throw new Error("late");
    text.lastChild.textContent = t(`stage.${deed ?? status}`);
    announce(text.lastChild.textContent);
  };
  view.show(
    nameOf(receipt),
    card(h("h2", {}, t("receipt.working")), text, h("p", { class: "small" }, t("receipt.may_leave"))),
  );
  seen(receipt.status === "done" ? "queued" : receipt.status);
  try {
    const done = await follow(receipt.id, { signal: view.signal, seen, unlike });
    announce(headline(done));
    await receiptView({ id: receipt.id }, view);
  } catch (error) {
    if (error.message === "late") await receiptView({ id: receipt.id }, view);
    else view.fail(error);
  }
}

/** What happened, in one sentence; `short` where the rejected rows are not beside it. */
function headline({ outcome, counts, code, undo, status }, short = false) {
  if (status !== "done") return t(`stage.${status}`);
  const { records: all = 0, rejected = 0, suppressed = 0 } = counts ?? {};
  const left = [
    rejected && (short ? `${t("list.rejected", { n: rejected })}.` : t("head.waiting", { n: rejected })),
    suppressed && t("head.suppressed", { n: suppressed }),
  ].filter(Boolean);
  if (outcome === "loaded" && all === 0) return t("head.empty");
  if (outcome === "loaded" && !left.length) return t("head.loaded", { n: all });
  if (outcome === "loaded") return [t("head.part", { n: all - rejected - suppressed, all }), ...left].join(" ");
  if (outcome === "unchanged" && left.length) return [t("head.unchanged_part"), ...left].join(" ");
  if (outcome === "undone") return undo ? t("head.undone", { n: undo.restored + undo.removed }) : t("outcome.undone");
  if (outcome === "planned") return label("head", has(`head.${code}`) ? code : "planned");
  return t(`head.${outcome}`);
}

function summary(receipt) {
  const { outcome, counts, reason, code } = receipt;
  const kind = kindOf(receipt);
  const say = [h("h2", {}, headline(receipt))];
  if (receipt.status === "waiting_upload") say.push(h("p", {}, t("receipt.never_came")));
  if (reason && outcome !== "planned") say.push(h("p", {}, reason));
  if (outcome === "refused") say.push(h("p", {}, t("receipt.refused")), elsewhere(receipt));
  if (outcome === "failed") say.push(h("p", {}, t(receipt.retryable ? "receipt.failed_retry" : "receipt.failed")));
  if (outcome === "planned") say.push(h("p", {}, label("plan_why", has(`plan_why.${code}`) ? code : "dry_run")));
  if (receipt.moved) say.push(h("p", {}, h("strong", {}, t("plan.moved"))));
  if (receipt.first_import && receipt.first_import !== receipt.id)
    say.push(h("p", {}, link(t("receipt.first_import"), `#/imports/${receipt.first_import}`)));
  if (receipt.first_attempt)
    say.push(h("p", {}, link(t("receipt.first_attempt"), `#/imports/${receipt.first_attempt}`)));
  if (receipt.undo) say.push(undoneCounts(receipt.undo));
  const failed =
    receipt.command_failed &&
    note(
      "bad",
      h("h2", {}, t(`command_failed.${receipt.command_failed.kind}`)),
      h("p", {}, t("command_failed.help", { when: when(receipt.command_failed.at) })),
    );
  return [failed, note(kind, say), counts && counts.records > 0 ? equation(receipt) : null];
}

/** A file of another kind: to where it belongs. */
function elsewhere({ code, hint }) {
  const [source, entity] = (hint ?? "").split("/");
  if (code !== "wrong_entity" || !ENTITIES[source]?.includes(entity) || !mayDecide()) return null;
  const place = `${label("source", source)} · ${label("entity", entity)}`;
  return h("p", {}, link(t("receipt.elsewhere", { place }), hash("put", { source, entity })));
}

const undoneCounts = (undo) =>
  h(
    "ul",
    {},
    ["restored", "removed", "kept_later_edit"].map((fate) => h("li", {}, t(`undone.${fate}`, { n: undo[fate] ?? 0 }))),
    undo.people_removed ? h("li", {}, t("undone.people_removed", { n: undo.people_removed })) : null,
    undo.at ? h("li", {}, t("undone.at", { when: when(undo.at) })) : null,
  );

/** The numbers as a sum; each number leads to its rows. */
function equation({ counts, outcome }) {
  const total = FATES.reduce((sum, fate) => sum + counts[fate], 0);
  const planned = ["planned", "refused", "failed"].includes(outcome) ? "planned" : "total";
  const term = (fate) => {
    const n = counts[fate];
    const inner = [h("b", {}, number(n)), " ", h("span", {}, t(`${planned}.${fate}`, { n }))];
    if (!n || outcome === "undone") return h("div", { class: `term ${fate} ${n ? "" : "none"}` }, inner);
    return h(
      "button",
      { type: "button", class: `term ${fate}`, onclick: () => showFate(fate) },
      inner,
      h("span", { class: "unseen" }, t("sum.show")),
    );
  };
  const sign = (text) => h("span", { class: "sign", "aria-hidden": "true" }, text);
  return card(
    h("h2", {}, t("sum.title")),
    h(
      "ul",
      { class: "sum", "aria-label": t("sum.title") },
      h(
        "li",
        {},
        h(
          "div",
          { class: "term whole" },
          h("b", {}, number(counts.records)),
          " ",
          h("span", {}, t("sum.records", { n: counts.records })),
        ),
      ),
      FATES.map((fate, at) => h("li", {}, sign(at ? "+" : "="), term(fate))),
    ),
    h(
      "p",
      { class: total === counts.records ? "" : "error" },
      total === counts.records ? `✓ ${t("sum.right")}` : `✗ ${t("sum.wrong")}`,
    ),
    h("p", { class: "small" }, t("sum.help")),
  );
}

function showFate(fate) {
  const select = document.getElementById("fate");
  select.value = fate;
  document.getElementById("line").value = "";
  select.dispatchEvent(new Event("change"));
  toRecords(select);
}

function toRecords(focused) {
  document.getElementById("records")?.scrollIntoView({ block: "start" });
  focused?.focus({ preventScroll: true });
}

// ── Rejected rows, warnings ──────────────────────────────────────────────────────────────────────────────────────────

const lines = ({ line, line_end: end }) =>
  end && end !== line
    ? t("line.range", { from: String(line), to: String(end) })
    : t("line.one", { line: String(line) });

function rejectButtons(receipt, kind = "main") {
  const failed = h("div", {});
  // They are written when the import is done already: a large file of them takes its time.
  const ask = async (kind, tries = 20) => {
    try {
      return await api("GET", `imports/${receipt.id}/rejects`, { query: { format: kind } });
    } catch (error) {
      if (error.problem?.code !== "rejects_pending" || !tries) throw error;
      fill(
        failed,
        h("p", { role: "status" }, h("span", { class: "busy", "aria-hidden": "true" }, "● "), t("rejects.soon")),
      );
      await pause(1000);
      return ask(kind, tries - 1);
    }
  };
  const get = async (kind) => {
    fill(failed);
    try {
      const urls = await ask(kind);
      fill(failed);
      const url = urls[`${kind}_url`];
      if (!url) throw new Failure({ code: "rejects_gone", retryable: false });
      download(url);
      announce(t("rejects.coming"));
    } catch (error) {
      const gone =
        error.problem?.code === "not_found" ? new Failure({ ...error.problem, code: "rejects_gone" }) : error;
      put(
        failed,
        trouble(gone, () => get(kind)),
      );
    }
  };
  return [button(t("rejects.xlsx"), () => get("xlsx"), kind), button(t("rejects.csv"), () => get("csv")), failed];
}

function rejected(receipt, view) {
  const n = receipt.counts?.rejected ?? 0;
  const gone = receipt.rejects_note === "gone";
  const again = ["loaded", "unchanged"].includes(receipt.outcome) && mayDecide() && !gone;
  if (!n || receipt.outcome === "undone") return null;
  // Of a file that was refused as a whole nothing is to be mended row by row.
  const whole = ["refused", "failed"].includes(receipt.outcome);
  const rows = receipt.rejects.map((one) =>
    h(
      "li",
      {},
      h("span", { class: "where" }, lines(one)),
      h(
        "div",
        {},
        one.reason,
        one.column ? h("div", { class: "small" }, t("rejects.column", { column: one.column })) : null,
      ),
    ),
  );
  return card(
    h("h2", {}, t("rejects.title", { n })),
    whole ? null : h("p", {}, t(receipt.outcome === "planned" ? "rejects.plan_help" : "rejects.help", { n })),
    h("ul", { class: "plain rows two" }, rows),
    n > rows.length && !whole ? h("p", { class: "small" }, t("rejects.first", { n: rows.length })) : null,
    receipt.rejects_note ? h("p", {}, t(gone ? "problem.rejects_gone.do" : "rejects.left_out")) : null,
    h(
      "div",
      { class: "actions" },
      again ? link(t("rejects.again"), `#/put?again=${receipt.id}`, "button main") : null,
      gone || whole ? null : rejectButtons(receipt, again ? "" : "main"),
    ),
    later(receipt, view),
  );
}

/** What was put in to mend these rows; filled when it is known. */
function later({ id, source }, view) {
  const place = h("div", {});
  api("GET", "imports", { query: { rejects_of: id, source, limit: "10" }, signal: view.signal })
    .then(({ items }) => {
      if (items.length)
        put(place, h("h3", {}, t("rejects.later")), h("ul", { class: "plain imports" }, items.map(row)));
    })
    .catch(() => {}); // the receipt is whole without it
  return place;
}

function warnings({ warnings: found = [], control_total: total }) {
  const rows = found.map((one) =>
    h(
      "li",
      {},
      one.detail ?? label("warning", one.code),
      one.records ? ` ${t("warnings.rows", { n: one.records })}` : "",
      one.first_line ? ` ${t("warnings.line", { line: String(one.first_line) })}` : "",
    ),
  );
  if (!rows.length && !total) return null;
  const told =
    total &&
    h(
      "p",
      {},
      t(total.stated === total.counted ? "control.same" : "control.differs", {
        stated: total.stated,
        counted: total.counted,
      }),
    );
  return card(
    h("h2", {}, t(rows.length ? "warnings.title" : "control.title")),
    total && total.stated !== total.counted ? note("warn", told) : told,
    rows.length ? h("ul", {}, rows) : null,
  );
}

// ── What was found ───────────────────────────────────────────────────────────────────────────────────────────────────

function found(receipt) {
  const { dialect, columns, facts_used: used, people, file } = receipt;
  const facts = (pairs) =>
    h(
      "dl",
      { class: "facts" },
      pairs
        .filter(([, value]) => value !== undefined && value !== null && value !== "")
        .map(([name, value]) => [h("dt", {}, t(`found.${name}`)), h("dd", {}, value)]),
    );
  const parts = [];
  if (people && receipt.outcome !== "refused")
    parts.push(
      h("h3", {}, t("found.people")),
      facts([
        ["known", number(people.known)],
        [
          receipt.outcome === "planned" ? "to_create" : "created",
          number(receipt.plan?.people_created ?? people.created),
        ],
      ]),
    );
  if (dialect)
    parts.push(
      h("h3", {}, t("found.file")),
      facts([
        ["name", file?.key],
        ["size", file?.bytes ? size(file.bytes) : null],
        ["encoding", dialect.encoding.toUpperCase() + (dialect.bom ? " (BOM)" : "")],
        ["delimiter", dialect.delimiter === "none" ? null : label("delimiter", dialect.delimiter)],
        ["line_ending", dialect.line_ending === "none" ? null : label("line_ending", dialect.line_ending)],
        ["preamble", dialect.preamble_lines ? number(dialect.preamble_lines) : null],
      ]),
    );
  if (used)
    parts.push(
      h("h3", {}, t("found.read_as")),
      facts([
        ["date_order", used.date_order && label("date_order", used.date_order)],
        ["decimal", used.decimal && label("decimal", used.decimal)],
        ["rating_scale", used.rating_scale],
        ["zone", used.zone],
        ["author", used.author && label("person", used.author)],
        ["rater", used.rater && label("person", used.rater)],
        ["from", used.from && label("from", used.from.replaceAll(" ", "_"))],
      ]),
    );
  if (columns) {
    parts.push(
      h("h3", {}, t("found.columns")),
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, t("found.in_file")),
            h("th", { scope: "col" }, t("found.read_as_field")),
          ),
        ),
        h(
          "tbody",
          {},
          Object.entries(columns.known).map(([header, field]) =>
            h("tr", {}, h("th", { scope: "row" }, header), h("td", {}, String(field))),
          ),
        ),
      ),
    );
    if (columns.unknown.length)
      parts.push(
        h("h3", {}, t("found.unknown")),
        h(
          "ul",
          {},
          columns.unknown.map((one) =>
            h(
              "li",
              {},
              h("strong", {}, one.name),
              " ",
              one.nearest ? t("found.nearest", { name: one.nearest }) : t("found.not_read"),
            ),
          ),
        ),
      );
    if (columns.missing.length) parts.push(h("h3", {}, t("found.missing")), h("p", {}, columns.missing.join(", ")));
  }
  parts.push(
    h("h3", {}, t("found.run")),
    facts([
      ["id", h("code", {}, receipt.id)],
      ["events", receipt.events === undefined ? null : number(receipt.events)],
      ["started", receipt.started_at && when(receipt.started_at)],
      ["finished", receipt.finished_at && when(receipt.finished_at)],
    ]),
  );
  return h("details", { class: "card" }, h("summary", {}, t("found.title")), parts);
}
