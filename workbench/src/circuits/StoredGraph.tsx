/** Any stored matrix of heads or neurons, drawn by layer. */
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useStored } from "../api/queries";
import { client, read } from "../api/client";
import { inWords } from "../figures/words";
import { ResultPanel } from "../result/ResultPanel";
import { Complaint, Empty } from "../shell/Panel";
import { usePage } from "../state/page";
import { MatrixGraph } from "./MatrixGraph";

export default function StoredGraph() {
  const { query, set } = usePage();
  const { data: stored } = useStored(true);
  const digest = query.result ?? "";
  const { data: result, error } = useQuery({
    queryKey: ["result", digest],
    queryFn: ({ signal }) =>
      read(client.GET("/api/v1/results/{digest}", { params: { path: { digest } }, signal })),
    enabled: digest !== "",
  });
  const matrices = (stored ?? []).filter(({ kind }) => kind === "matrix");
  const choice = (
    <Select
      size="xs"
      w={340}
      aria-label="Stored matrix"
      placeholder="Choose a stored matrix"
      data={matrices.map((entry) => ({
        value: entry.digest,
        label: `${inWords(entry.analysis)}, ${entry.models.join(", ")} ${entry.digest.slice(0, 8)}`,
      }))}
      value={digest || null}
      onChange={(chosen) => set({ result: chosen, above: null }, { push: true })}
    />
  );
  return (
    <>
      <MatrixGraph
        id="stored-graph"
        title="Graph"
        result={result ?? null}
        slot=".stored"
        empty={
          error ? (
            <Complaint>{error.message}</Complaint>
          ) : (
            <Empty button={matrices.length > 0 ? choice : <Fill />}>
              {matrices.length > 0
                ? "Choose a stored matrix: its heads or neurons are drawn by layer, joined by what it says of each pair."
                : "No matrix of heads or neurons is stored yet; head composition makes one from the weights alone."}
            </Empty>
          )
        }
      >
        {result && <div className="follow">{choice}</div>}
      </MatrixGraph>
      <div className="circuits-side">
        {result && <ResultPanel id="stored" slot=".stored" result={result} />}
      </div>
    </>
  );
}

function Fill() {
  const { set } = usePage();
  return (
    <button
      type="button"
      className="text-button"
      onClick={() => set({ view: "composition" }, { push: true })}
    >
      Compare the heads
    </button>
  );
}
