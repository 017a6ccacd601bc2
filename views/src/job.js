// A job: status, progress, steps with the ends of their logs; refreshed through the server's own tool until it ends.

import { el } from "./dom.js";
import { duration, time } from "./numbers.js";
import { facts } from "./raster.js";

const ENDED = ["successful", "failed", "dismissed"];
const WAIT_SECONDS = 20;
const PAUSE_MILLISECONDS = 2000;
const MOST_FAILURES = 5;

export const hasEnded = (job) => ENDED.includes(job.told.status);

export const jobTitle = ({ told }) => [
  `${told.process_id ?? "Job"}: ${told.status}`,
  `job ${told.job_id ?? "without id"} on ${told.endpoint}`,
];

/** @param logs of the job as `ogc://…/logs` has them; @param chosen whether a log is unfolded, by title, where said */
export function jobDetails(job, logs, chosen) {
  const { told, why } = job;
  const reason = [why.reason, why.exit_code === undefined ? "" : `exit code ${why.exit_code}`].filter(Boolean).join(", ");
  const evidence = Array.isArray(why.untrusted?.evidence) ? why.untrusted.evidence : [];
  return [
    progressOf(job),
    job.message ? el("p", { class: "message" }, String(job.message)) : null,
    reason ? el("p", { class: "reason" }, `${why.cause}: ${reason}`) : null,
    evidence.length ? el("ul", { class: "evidence" }, evidence.map((line) => el("li", {}, el("code", {}, String(line))))) : null,
    why.next ? el("p", { class: "note" }, String(why.next)) : null,
    logs.length ? steps(logs, job, chosen) : null,
    facts([
      ...(told.created ? [["created", time(told.created)]] : []),
      ...(told.finished ? [["finished", time(told.finished)]] : []),
      ...(told.seconds === undefined ? [] : [[hasEnded(job) ? "took" : "running for", duration(told.seconds)]]),
      ...(told.reported_status ? [["its own word", told.reported_status]] : []),
    ]),
  ];
}

function progressOf(job) {
  const { told } = job;
  if (hasEnded(job)) return null;
  const share = Number.isFinite(told.progress) ? told.progress : null;
  const bar = el("progress", { max: 100, value: share, "aria-label": "Progress" });
  return el("p", { class: "progress" }, bar, ` ${told.phase ?? (share === null ? told.status : `${share} %`)}`);
}

function steps(logs, job, chosen) {
  const rows = logs.map((log, place) => step(log, job, place === logs.length - 1, chosen));
  return el("ol", { class: "steps", "aria-label": "Steps" }, rows);
}

/** A step's log; the last one is unfolded until the job is done, unless the person chose otherwise. */
function step(log, job, isLast, chosen) {
  const title = String(log.untrusted?.title ?? "log");
  const name = title.replace(/^(tool|step) log\s*/i, "").replace(/\.(log|txt|err|out)$/i, "");
  const text = log.problem ?? log.untrusted?.text ?? "";
  const isOpen = chosen.get(title) ?? (isLast && job.told.status !== "successful");
  const isNow = !hasEnded(job) && String(job.message ?? "").split(/[\s,]+/).includes(name);
  const click = (event) => chosen.set(title, !event.currentTarget.parentElement.open);
  const summary = el("summary", { click, "data-key": `step ${title}` }, name, isNow ? " (now)" : "");
  const lines = el("pre", { tabindex: "0", "data-key": `log ${title}`, "aria-label": `Log of ${name}` }, String(text || "nothing yet"));
  return el("li", { class: isNow ? "current" : null }, el("details", { open: isOpen }, summary, lines));
}

/** Asks for a job again and again, one call at a time, until it ends, the page is left or the server keeps failing. */
export class Refresh {
  #host;
  #told;
  #left = false;

  /** @param told called with each new answer, and with the logs where there are new ones */
  constructor(host, told) {
    this.#host = host;
    this.#told = told;
  }

  stop() {
    this.#left = true;
  }

  async follow(job_id, endpoint) {
    for (let failures = 0; !this.#left && failures < MOST_FAILURES; ) {
      await visible();
      try {
        const result = await this.#host.tool("ogc_get_job", { job_id, endpoint, wait_seconds: WAIT_SECONDS });
        failures = result?.isError ? failures + 1 : 0;
        if (!this.#left && (await this.#told(result))) return;
      } catch {
        failures += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS * (1 + failures)));
    }
  }
}

/** Resolves once the page is seen: what nobody looks at is not asked for. */
const visible = () =>
  new Promise((resolve) => {
    if (!document.hidden) return resolve();
    document.addEventListener("visibilitychange", () => resolve(), { once: true });
  });

/** The job's logs, as far as the host passes reads of resources on; none where it does not. */
export async function logsOf(host, { job_id, endpoint }) {
  if (!host.capabilities.serverResources || !job_id) return [];
  try {
    const uri = `ogc://${encodeURIComponent(endpoint)}/jobs/${encodeURIComponent(job_id)}/logs`;
    const read = await host.request("resources/read", { uri });
    const logs = JSON.parse(read.contents[0].text).logs;
    return Array.isArray(logs) ? logs : [];
  } catch {
    return []; // a job's status is worth showing without its logs
  }
}
