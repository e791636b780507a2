// Files on their way: upload, what becomes of an import, download.

function size(bytes) {
  if (bytes < 1000) return t("size.b", { n: bytes });
  if (bytes < 1e6) return `${number(bytes / 1e3, { maximumFractionDigits: 0 })} kB`;
  return `${number(bytes / 1e6, { maximumFractionDigits: 1 })} MB`;
}

/** Sends a file to the address the API gave, with the headers it gave. */
function upload(target, file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(target.method ?? "PUT", target.url);
    for (const [name, value] of Object.entries(target.headers ?? {})) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () =>
      request.status < 300
        ? resolve()
        : reject(new Failure({ code: "upload_refused", retryable: true, status: request.status }));
    request.onerror = () => reject(new Failure({ code: "upload_broken", retryable: true }));
    request.send(file);
  });
}

const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(new DOMException("left", "AbortError"))));
  });

/**
 * Asks for an import until it is done: after 0.3 s, then less and less often, at most every 8 s. `unlike` is a receipt
 * that does not count, the one from before a commit or an undo.
 */
async function follow(id, { signal, seen = () => {}, unlike } = {}) {
  let wait = 300;
  for (let failures = 0; ; wait = Math.min(wait * 1.5, 8000)) {
    try {
      const receipt = await api("GET", `imports/${id}`, { signal });
      failures = 0;
      if (receipt.status === "done" && JSON.stringify(receipt) !== unlike) return receipt;
      seen(receipt.status === "done" ? "queued" : receipt.status);
    } catch (error) {
      // One lost answer says nothing about the import.
      if (!(error instanceof Failure) || !error.problem.retryable || ++failures > 4) throw error;
    }
    await pause(wait, signal);
  }
}

/** A link for a moment, pressed by the page: a download keeps the page where it is. */
function download(url) {
  const anchor = h("a", { href: url, download: true, rel: "noreferrer" });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
}

/** Whether one may put in and decide: the data protection officer only looks. */
const mayDecide = () => role() !== "dpo";
