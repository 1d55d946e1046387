/** Ask one question: the stored result at once, or a job followed to its end. */
import { client, Failure, reach, read, sentenceOf } from "./client";
import { follow } from "./events";
import type { Arguments, Job, JobEvent, Result } from "./shapes";
import { stored } from "./unfinished";

export interface Question {
  analysis: string;
  arguments: Arguments;
}

export interface Listening {
  signal: AbortSignal;
  onJob?: (job: Job) => void;
  onEvent?: (event: JobEvent) => void;
}

/** Seconds that the server may take before it hands back a job instead of a result. */
const WAIT = 1;

/** Asks and waits; throws Failure with the server's sentence, or AbortError when stopped. */
export async function ask(question: Question, { signal, onJob, onEvent }: Listening): Promise<Result> {
  const { data, error, response } = await reach(
    client.POST("/api/v1/analyses/{name}", {
      params: { path: { name: question.analysis }, query: { wait: WAIT } },
      body: question.arguments,
      signal,
    }),
  );
  if (!response.ok || data === undefined)
    throw new Failure(sentenceOf(error, response.status), response.status);
  if (response.status !== 202) {
    stored((data as Result).digest);
    return data as Result;
  }
  const job = data as unknown as Job;
  onJob?.(job);
  return ended(await follow(job.id, (event) => onEvent?.(event), signal), signal);
}

async function ended(event: JobEvent, signal: AbortSignal): Promise<Result> {
  if (event.event === "error") throw new Failure(event.detail, event.status);
  if (event.event !== "result") throw new DOMException("cancelled", "AbortError");
  return kept(event.digest, signal);
}

/** Reads an answer that is stored. */
export async function kept(digest: string, signal?: AbortSignal): Promise<Result> {
  const found = await read(client.GET("/api/v1/results/{digest}", { params: { path: { digest } }, signal }));
  stored(found.digest);
  return found;
}

/** Tells the server to stop a job. */
export async function cancel(job: string): Promise<void> {
  await read(client.DELETE("/api/v1/jobs/{job_id}", { params: { path: { job_id: job } } }));
}
