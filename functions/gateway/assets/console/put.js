// Put files in: choose, upload one after another, follow each to its receipt.

const ENTITIES = {
  kintell: ["sessions", "users"],
  buddy: ["users", "matches", "events", "event_attendance", "skill_sessions", "checkins", "feedback", "milestones"],
  upskilling: ["completions", "credentials", "progress"],
};

/** What an importer reads; more would be refused after the upload. */
const LARGEST = 2 ** 31;

/** What is chosen and not yet put in; stays while one looks elsewhere. */
const choice = { source: "", entity: "", dry: false, files: [] };
/** Uploads of this visit, newest first: { file, source, stage, share, key, id, arrived, receipt, error, node }. */
const jobs = [];
let running = false;

window.addEventListener("beforeunload", (event) => {
  if (jobs.some((job) => ["waiting", "uploading"].includes(job.stage))) event.preventDefault();
});

async function putView({ again, source, entity }, view) {
  let first = null;
  if (ENTITIES[source]) Object.assign(choice, { source, entity: ENTITIES[source].includes(entity) ? entity : "" });
  if (again) {
    first = await api("GET", `imports/${again}`, { signal: view.signal });
    choice.source = first.source;
    choice.entity = first.entity ?? "";
    if (!first.counts?.rejected) first = null;
  }
  const form = h("form", { class: "card", novalidate: true, onsubmit: submit });
  const problems = {};
  const drawForm = () => {
    fill(
      form,
      h("h2", {}, t("put.form")),
      sourceField(),
      entityField(),
      filesField(),
      dryField(),
      h("button", { type: "submit", class: "button main", id: "submit" }, submitText()),
    );
  };

  function sourceField() {
    const options = Object.keys(ENTITIES).map((source) =>
      h(
        "label",
        { class: "choice" },
        h("input", {
          type: "radio",
          name: "source",
          value: source,
          checked: choice.source === source,
          "aria-describedby": problems.source && "source-error",
          onchange: () => {
            choice.source = source;
            choice.entity = "";
            delete problems.source;
            drawForm();
            form.querySelector(`[value="${source}"]`).focus();
          },
        }),
        h("span", {}, h("b", {}, t(`source.${source}`)), h("span", { class: "small" }, t(`put.about.${source}`))),
      ),
    );
    return h(
      "fieldset",
      { id: "source" },
      h("legend", {}, t("put.source")),
      h("div", { class: "choices" }, options),
      problems.source ? h("p", { class: "error", id: "source-error" }, problems.source) : null,
    );
  }

  function entityField() {
    const option = (value, text) => h("option", { value, selected: choice.entity === value }, text);
    return h(
      "div",
      { class: "field" },
      h("label", { for: "entity" }, t("put.entity")),
      h(
        "select",
        {
          id: "entity",
          disabled: !choice.source,
          "aria-describedby": "entity-help",
          onchange: (event) => {
            choice.entity = event.target.value;
          },
        },
        option("", t("put.entity_auto")),
        (ENTITIES[choice.source] ?? []).map((entity) => option(entity, label("entity", entity))),
      ),
      h("p", { class: "small", id: "entity-help" }, t("put.entity_help")),
    );
  }

  function filesField() {
    const chooser = h("input", {
      type: "file",
      id: "files",
      multiple: true,
      "aria-describedby": problems.files ? "files-error" : "files-help",
      onchange: () => {
        add(chooser.files);
      },
    });
    const zone = h(
      "div",
      {
        class: "drop",
        ondragover: (event) => {
          event.preventDefault();
          zone.classList.add("over");
        },
        ondragleave: () => zone.classList.remove("over"),
        ondrop: (event) => {
          event.preventDefault();
          zone.classList.remove("over");
          add(event.dataTransfer.files);
        },
      },
      h("p", { "aria-hidden": "true" }, t("put.drop")),
      chooser,
      h("label", { for: "files", class: "button" }, t("put.choose")),
      h("p", { class: "small", id: "files-help" }, t("put.kinds")),
    );
    const list = choice.files.map((file) =>
      h(
        "li",
        {},
        h("span", {}, file.name, " ", h("span", { class: "small" }, size(file.size))),
        h(
          "button",
          {
            type: "button",
            class: "button slim",
            "aria-label": t("put.remove_file", { name: file.name }),
            onclick: () => {
              choice.files = choice.files.filter((other) => other !== file);
              drawForm();
              form.querySelector("#files").focus();
            },
          },
          t("put.remove"),
        ),
      ),
    );
    return h(
      "fieldset",
      {},
      h("legend", {}, t("put.files")),
      zone,
      problems.files ? h("p", { class: "error", id: "files-error" }, problems.files) : null,
      list.length ? h("ul", { class: "plain files", "aria-label": t("put.chosen") }, list) : null,
      choice.source === "buddy" && choice.files.length > 1 ? h("p", { class: "small" }, t("put.order")) : null,
    );
  }

  function add(files) {
    const large = [...files].filter((file) => file.size > LARGEST).map((file) => file.name);
    choice.files.push(...[...files].filter((file) => file.size <= LARGEST));
    if (large.length) problems.files = t("put.too_large", { names: large.join(", ") });
    else delete problems.files;
    drawForm();
    announce(problems.files ?? t("put.chosen_n", { n: choice.files.length }));
    form.querySelector("#files").focus();
  }

  function dryField() {
    return h(
      "div",
      { class: "field" },
      h(
        "label",
        { class: "choice" },
        h("input", {
          type: "checkbox",
          id: "dry",
          checked: choice.dry,
          onchange: (event) => {
            choice.dry = event.target.checked;
            form.querySelector("#submit").textContent = submitText();
          },
        }),
        h("span", {}, h("b", {}, t("put.dry")), h("span", { class: "small" }, t("put.dry_help"))),
      ),
    );
  }

  const submitText = () => {
    const n = choice.files.length;
    return t(`put.${choice.dry ? "try" : "in"}${n ? "_n" : "_none"}`, { n });
  };

  function submit(event) {
    event.preventDefault();
    if (!choice.source) problems.source = t("put.no_source");
    if (choice.files.length) delete problems.files;
    else problems.files = t("put.no_files");
    if (problems.source || problems.files) {
      drawForm();
      form.querySelector(problems.source ? "#source input" : "#files").focus();
      return;
    }
    const files =
      choice.source === "buddy" ? choice.files.toSorted((a, b) => rank(a.name) - rank(b.name)) : choice.files;
    const added = files.map((file) => ({
      file,
      source: choice.source,
      entity: choice.entity,
      dry: choice.dry,
      stage: "waiting",
      share: 0,
    }));
    jobs.unshift(...added);
    choice.files = [];
    choice.dry = false;
    drawForm();
    drawJobs();
    document.getElementById("jobs")?.focus();
    if (added.length === 1) added[0].open = state.view; // its receipt opens by itself while one waits here
    work();
  }

  drawForm();
  const jobsCard = h(
    "section",
    { class: "card", "aria-labelledby": "jobs" },
    h("h2", { id: "jobs", tabindex: "-1" }, t("put.jobs")),
    h("div", { id: "job-list" }),
  );
  view.show(
    t("put.title"),
    h("p", { class: "lead" }, t(first ? "again.lead" : "put.lead")),
    first ? againCard(first) : null,
    form,
    jobsCard,
  );
  drawJobs();
}

/** A set of Buddy files refers backwards: people, then matches, then the rest. */
function rank(name) {
  const at = ["user", "match", "event"].findIndex((word) => name.toLowerCase().includes(word));
  return at < 0 ? 2 : at;
}

/** How to mend the rejected rows, step by step. */
function againCard(first) {
  return card(
    h("h2", {}, t("again.title", { n: first.counts.rejected })),
    h(
      "ol",
      { class: "steps" },
      h("li", {}, t("again.step1"), h("div", { class: "actions" }, rejectButtons(first))),
      h("li", {}, t("again.step2")),
      h("li", {}, t("again.step3")),
      h("li", {}, t("again.step4")),
    ),
    h("p", { class: "small" }, t("again.safe")),
  );
}

/**
 * Works through the waiting uploads, one at a time: a later file may refer to an earlier one. Without a token they wait
 * for the next sign-in.
 */
async function work() {
  if (running) return;
  running = true;
  for (let job; state.token && (job = jobs.findLast((job) => job.stage === "waiting"));) await run(job);
  running = false;
}

async function run(job) {
  const to = (stage) => {
    job.stage = stage;
    announce(jobText(job));
    drawJob(job);
  };
  try {
    // A file that has arrived is not sent again, whatever was lost afterwards.
    if (!job.arrived) await send();
    to("queued");
    job.receipt = await follow(job.id, {
      seen: (status) => status === "running" && job.stage !== "running" && to("running"),
    });
    to("done");
    if (job.open && job.open === state.view) location.hash = `#/imports/${job.id}`;
  } catch (error) {
    job.error = error;
    to(error.problem?.status === 401 ? "waiting" : "failed");
  }

  async function send() {
    job.share = 0;
    to("uploading");
    const body = {
      source: job.source,
      name: job.file.name,
      ...(job.entity && { entity: job.entity }),
      ...(job.dry && { dry_run: true }),
    };
    // An answer that was lost is asked for again under the same key: one file, one import.
    const made = await api("POST", "imports", { body, key: (job.key ??= newKey()) });
    job.id = made.id;
    try {
      await upload(made.upload, job.file, (share) => showShare(job, share));
    } catch (error) {
      // The address may have run out: another try asks for a new one.
      if (error.problem?.code === "upload_refused") job.key = null;
      throw error;
    }
    job.arrived = true;
  }
}

function jobText(job) {
  const name = job.file.name;
  if (job.stage === "done") return `${name}: ${headline(job.receipt, true)}`;
  return `${name}: ${t(`stage.${job.stage}`)}`;
}

function drawJobs() {
  const list = document.getElementById("job-list");
  if (!list) return;
  if (!jobs.length) return fill(list, h("p", { class: "small" }, t("put.no_jobs")));
  jobs.forEach(drawJob);
  fill(
    list,
    jobs.map((job) => job.node),
  );
}

/** Only while it is uploaded: what is drawn anew loses the focus. */
function showShare(job, share) {
  job.share = share;
  job.bar?.setAttribute("value", String(Math.round(share * 100)));
  if (job.percent) job.percent.textContent = number(share, { style: "percent" });
}

function drawJob(job) {
  job.node ??= h("div", { class: "job" });
  job.percent = h("span", {});
  job.bar = h("progress", { max: "100", "aria-label": t("put.progress", { name: job.file.name }) });
  showShare(job, job.share);
  const again = () => {
    Object.assign(job, { stage: "waiting", error: null });
    drawJob(job);
    work();
  };
  fill(
    job.node,
    h("h3", {}, job.file.name),
    job.stage === "done"
      ? [
          h("p", {}, headline(job.receipt, true)),
          link(t("put.open_receipt", { name: job.file.name }), `#/imports/${job.id}`),
        ]
      : null,
    job.stage === "uploading" ? [h("p", {}, t("stage.uploading"), " ", job.percent), job.bar] : null,
    ["waiting", "queued", "running"].includes(job.stage)
      ? h("p", {}, h("span", { class: "busy", "aria-hidden": "true" }, "● "), t(`stage.${job.stage}`))
      : null,
    job.stage === "failed" ? trouble(job.error, again) : null,
  );
}
