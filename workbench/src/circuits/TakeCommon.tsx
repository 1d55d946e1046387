/** The button of an empty map: a prompt and its twin that many have looked at. */
import { Button } from "@mantine/core";
import { usePrompts } from "../api/queries";
import { usePage } from "../state/page";

export function TakeCommon() {
  const { query, set } = usePage();
  const { data: prompts } = usePrompts();
  const first = prompts?.[0];
  if (!first || !query.model) return null;
  const { prompt, corrupt, target, distractor } = first;
  return (
    <Button
      size="xs"
      variant="default"
      onClick={() => set({ prompt, corrupt, target, distractor, task: null, sel: null }, { push: true })}
    >
      Take a common prompt
    </Button>
  );
}
