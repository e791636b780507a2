// What the frame shows: the views, and which of them the address names.

const VIEWS = { outcomes: outcomesView, scores: scoresView, outcome: outcomeView, about: aboutView };
const DETAILS = { scores: "outcomes", outcome: "outcomes" };
const LIST = "outcomes";
const CHECK = ["GET", "q2q/taxonomy", {}];
const entries = () => [["outcomes", t("outcomes.title")], ["about", t("about.entry")]];
const signedIn = () => {};
const leaving = (go) => go();

function address() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, id] = path.split("/");
  if (name === "outcomes" && /^[0-9a-f-]{36}$/i.test(id ?? "")) return { name: "outcome", query: { id } };
  return { name: name in VIEWS && name !== "outcome" ? name : LIST, query: Object.fromEntries(new URLSearchParams(query)) };
}

show();
