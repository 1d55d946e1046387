/** The one client of the server's REST door. */
import createClient from "openapi-fetch";
import { create } from "zustand";
import type { paths } from "../api.gen";

export const BASE = "/api/v1";

/** What the server said went wrong: its sentence and HTTP status. */
export class Failure extends Error {
  readonly status: number;

  constructor(sentence: string, status: number) {
    super(sentence);
    this.name = "Failure";
    this.status = status;
  }
}

/** Builds of the workbench that the server has said it serves: the first since this page opened, and the last. */
export const useBuild = create<{ first: string; last: string }>(() => ({ first: "", last: "" }));

function noteBuild(build: string | null): void {
  const { first, last } = useBuild.getState();
  if (build && build !== last) useBuild.setState({ first: first || build, last: build });
}

/** Whether the server has refused this browser's key: there is none, or it expired or was revoked. */
export const useKey = create<{ refused: boolean }>(() => ({ refused: false }));

export const client = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "http://127.0.0.1",
  fetch: async (request) => {
    const response = await globalThis.fetch(request);
    noteBuild(response.headers.get("x-neuronscope-build"));
    if (response.status === 401) useKey.setState({ refused: true });
    return response;
  },
});

/** Reads the sentence out of any error body; falls back to the status. */
export function sentenceOf(body: unknown, status: number): string {
  if (typeof body === "object" && body !== null && "detail" in body && typeof body.detail === "string")
    return body.detail;
  return `The server answered ${status} without saying why; its log has the reason.`;
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Returns the data of a call; throws Failure with the server's sentence. */
export async function read<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await reach(call);
  if (!response.ok || data === undefined)
    throw new Failure(sentenceOf(error, response.status), response.status);
  return data;
}

/** Waits for a call; a network error becomes a sentence too, an abort stays an abort. */
export async function reach<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (isAbort(error) || error instanceof Failure) throw error;
    throw new Failure("The server cannot be reached; start it with `neuronscope open` and try again.", 0);
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Turns anything thrown into a Failure with a sentence to show. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(error instanceof Error ? error.message : String(error), 0);
}
