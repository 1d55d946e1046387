/** Says so when the server has come to serve another build than the one that this page is of. */
import { Button } from "@mantine/core";
import { useBuild } from "../api/client";

export function NewBuild() {
  const changed = useBuild(({ first, last }) => first !== last);
  if (!changed) return null;
  return (
    <Button size="compact-xs" variant="default" role="status" onClick={() => location.reload()}>
      The server was updated: reload
    </Button>
  );
}
