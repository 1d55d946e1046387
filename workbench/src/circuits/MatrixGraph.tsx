/** A matrix of heads or neurons as a layered graph: what each writes, and what later ones read. */
import { type ReactNode, useMemo } from "react";
import type { Result } from "../api/shapes";
import { capital, inWords as words, valueTitle } from "../figures/words";
import { settle, variableOf } from "../result/plane";
import { useView } from "../result/view";
import { Complaint, Empty } from "../shell/Panel";
import { usePage } from "../state/page";
import { useSelection } from "../state/selection";
import { inWords } from "./address";
import { matrixLinks, matrixNodes, withCompanions } from "./found";
import { GraphPanel } from "./GraphPanel";
import { useNumbers } from "./useNumbers";

interface MatrixGraphProps {
  id: string;
  title: string;
  result: Result | null;
  /** The slot of the matrix, whose variable and sliders the diagram follows. */
  slot: string;
  empty: ReactNode;
  children?: ReactNode;
}

/** The pairs of a matrix as links: of the variable and at the places that its own panel shows. */
function useMatrix(result: Result | null, slot: string) {
  const [view] = useView(slot);
  const variable = useMemo(() => {
    const asked = result ? variableOf(result, view.variable) : undefined;
    return asked && PAIR.every((axis) => asked.axes.includes(axis)) ? asked : result?.variables[0];
  }, [result, view.variable]);
  const names = useMemo(
    () => (result && variable ? withCompanions(result, [variable.name]) : []),
    [result, variable],
  );
  const { numbers, failure } = useNumbers(result, names);
  const nodes = useMemo(() => (result ? matrixNodes(result) : null), [result]);
  const at = useMemo(() => {
    const sliders = (variable?.axes ?? []).filter((axis) => !PAIR.includes(axis));
    return settle(view.at, sliders, result?.dims ?? {});
  }, [variable, view.at, result]);
  const graph = useMemo(() => {
    if (!result || !variable || !nodes || !numbers) return null;
    return { nodes, links: matrixLinks(result, numbers, variable.name, nodes, at) };
  }, [result, variable, nodes, numbers, at]);
  return { variable, graph, at, failure, layered: nodes !== null };
}

const PAIR = ["item", "other"];

export function MatrixGraph({ id, title, result, slot, empty, children }: MatrixGraphProps) {
  const { query } = usePage();
  const { select } = useSelection();
  const { variable, graph, at, failure, layered } = useMatrix(result, slot);
  const place = Object.entries(at).map(
    ([axis, index]) => `${words(axis)} ${String(result?.coords[axis]?.values?.[index])}`,
  );
  const measure = variable ? [valueTitle(variable), ...place].join(", ") : "";
  const heads = result?.analysis.startsWith("head");
  return (
    <GraphPanel
      id={id}
      title={title}
      reading={capital(measure) || "units by layer, joined by what the matrix says of each pair"}
      measure={measure}
      about={result ? `${inWords(query)}, ${words(result.analysis)} ${result.digest}` : ""}
      columnName={heads ? "head" : undefined}
      graph={graph}
      onChoose={(node) => select(node?.places ?? null)}
      empty={
        failure ? (
          <Complaint>{failure.message}</Complaint>
        ) : result && !layered ? (
          <Empty>Its items are no heads or neurons, so they have no layer to stand in.</Empty>
        ) : result ? (
          <div className="skeleton" style={{ height: 480 }} />
        ) : (
          empty
        )
      }
    >
      {children}
    </GraphPanel>
  );
}
