// What this page is not: an emergency service. Whom to call is part of every view that shows what waits.

/** `Mon-Fri 08:00-16:00 Europe/Oslo` with the days of the reader's language. */
function officeHours(hours) {
  const day = new Intl.DateTimeFormat(LOCALES[state.lang], { weekday: "short", timeZone: "UTC" });
  // The 5th of January 2026 is a Monday.
  return ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].reduce((text, name, n) => text.replaceAll(name, day.format(Date.UTC(2026, 0, 5 + n))), hours);
}

/** Numbers that were looked up in their countries; looked up again when this list is changed. */
const LINES = [
  ["no", ["113", "112", "116117", "116123", "116111"]],
  ["ua", ["103", "7333"]],
  ["gb", ["999", "116123"]],
];

const spaced = (number) => number.replace(/^(116)(\d{3})$/, "$1 $2");

/** The notice, with whom to reach when the office is closed: told to those who work on the sensitive lane. */
function notice() {
  const { office_hours: hours, office_open: isOpen, sensitive } = state.queue ?? {};
  return h(
    "aside",
    { class: "note warn", "aria-label": t("help.title") },
    h("p", {}, h("b", {}, t("help.title")), " ", t("help.watched")),
    h("p", {}, t("help.danger"), " ", link("113", "tel:113", "tel"), " ", t("help.medical"), " · ", link("112", "tel:112", "tel"), " ", t("help.police")),
    hours ? h("p", {}, t(isOpen ? "help.is_open" : "help.is_closed", { hours: officeHours(hours) })) : null,
    sensitive?.contact ? h("p", {}, t("help.contact"), " ", contactNode(sensitive.contact)) : null,
    h(
      "details",
      {},
      h("summary", {}, t("help.lines")),
      LINES.map(([country, numbers]) => [
        h("p", { class: "country" }, h("b", {}, t(`help.country.${country}`))),
        h(
          "ul",
          { class: "plain numbers" },
          numbers.map((number) => h("li", {}, link(spaced(number), `tel:${number}`, "tel"), " ", t(`help.line.${country}_${number}`))),
        ),
      ]),
    ),
  );
}

/** The contact as it was set, with its numbers to be pressed. */
function contactNode(contact) {
  const parts = contact.split(/(\+?\d[\d ()-]{4,}\d|[^\s@,;()]+@[^\s@,;()]+\.\w+)/);
  return parts.map((part, n) => {
    if (n % 2 === 0) return part;
    return part.includes("@") ? link(part, `mailto:${part}`) : link(part, `tel:${part.replace(/[^\d+]/g, "")}`, "tel");
  });
}
