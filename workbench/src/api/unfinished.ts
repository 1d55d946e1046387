/** Answers that are still being worked on: a job's own, until the whole one is stored. */
import { BASE, client, read } from "./client";
import type { Result } from "./shapes";

/** Which job's answer so far wears a digest. */
const JOBS = new Map<string, string>();

/** Digests of answers that are known to be stored; the last answer so far may be the very same as the whole. */
const STORED = new Set<string>();

/** Notes that an answer can be read by its digest from now on. */
export function stored(digest: string): void {
  STORED.add(digest);
  JOBS.delete(digest);
}

/** Describes what a job has so far, as a result is described. */
export async function unfinished(job: string, signal: AbortSignal): Promise<Result> {
  const found = await read(
    client.GET("/api/v1/jobs/{job_id}/partial", { params: { path: { job_id: job } }, signal }),
  );
  if (!STORED.has(found.digest)) JOBS.set(found.digest, job);
  return found;
}

/** The job that an answer so far is of; nothing for a stored answer. */
export function jobOf(digest: string): string | undefined {
  return JOBS.get(digest);
}

/** Where the values of an answer are read, stored or not. */
export function placeOf(digest: string): string {
  const job = JOBS.get(digest);
  return job ? `${BASE}/jobs/${job}/partial` : `${BASE}/results/${digest}`;
}
