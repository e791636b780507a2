// What the frame shows: the views, and which of them the address names.

const VIEWS = { put: putView, imports: listView, import: receiptView };
const DETAILS = { import: "imports" };
const LIST = "imports";
const CHECK = ["GET", "imports", { query: { limit: "1" } }];
const signedIn = () => work();
const leaving = (go) => go();
const entries = () => [...(mayDecide() ? [["put", t("put.title")]] : []), ["imports", t("list.title")]];

function address() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, id] = path.split("/");
  const given = Object.fromEntries(new URLSearchParams(query));
  if (name === "imports" && /^[0-9a-f-]{36}$/i.test(id ?? "")) return { name: "import", query: { ...given, id } };
  const first = mayDecide() ? "put" : "imports";
  return { name: name in VIEWS && (name !== "put" || mayDecide()) ? name : first, query: given };
}

// A file that misses the field must not replace the page.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
show();
