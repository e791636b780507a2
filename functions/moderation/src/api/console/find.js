// What is not in the queue: decided items, and blocked texts that nobody has to look at but may.

async function findView(query, view) {
  const kind = query.state === "held" ? "held" : "closed";
  const items = h("ul", { class: "plain queue" });
  const more = h("div", { class: "actions" });
  const failed = h("div", {});
  const choose = h(
    "select",
    { id: "state", onchange: () => (location.hash = hash("find", { state: choose.value })) },
    ["closed", "held"].map((state) => h("option", { value: state, selected: state === kind }, t(`find.${state}`))),
  );

  async function load(cursor) {
    fill(more);
    try {
      const page = await reviews.list({ state: kind, limit: "20", cursor }, view.signal);
      put(items, page.items.map(foundRow));
      if (!items.children.length) put(items, h("li", {}, t("find.none")));
      if (page.next) put(more, button(t("find.more"), () => load(page.next)));
    } catch (error) {
      fill(failed, trouble(error, () => (fill(failed), load(cursor))));
    }
  }

  view.show(
    t("find.title"),
    h("p", { class: "lead" }, t(`find.about.${kind}`)),
    h("div", { class: "field" }, h("label", { for: "state" }, t("find.show")), choose),
    failed,
    card(h("h2", {}, t(`find.${kind}`)), items, more),
  );
  await load();
}

function foundRow(item) {
  return h(
    "li",
    {},
    tags(item),
    h("h3", {}, link(foundNames(item.findings), `#/reviews/${item.id}`)),
    lines(item),
    item.state === "closed" ? h("p", {}, closedText(item)) : null,
  );
}
