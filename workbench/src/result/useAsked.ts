/** A question that waits while it is edited. */
import { useState } from "react";
import type { Question } from "../api/ask";

/** The question last asked: the one at hand unless it is a draft. */
export function useAsked(question: Question | null, draft: boolean): Question | null {
  const [asked, setAsked] = useState<Question | null>(draft ? null : question);
  const settled = !draft && question && JSON.stringify(question) !== JSON.stringify(asked);
  if (settled) setAsked(question);
  return settled ? question : asked;
}
