/** Points, paths, graphs and fields as the server lays them out, drawn here so that one can point and zoom. */
import { useEffect, useRef, useState } from "react";
import { BASE, reach } from "../api/client";
import { inWords, valueTitle } from "../figures/words";
import { PictureView, type PictureProps, sliceQuery } from "./PictureView";

const HOW = { responsive: true, displayModeBar: false };

interface Figure {
  data: unknown[];
  layout: Record<string, unknown>;
}

async function figureOf(address: string, signal: AbortSignal): Promise<Figure> {
  const response = await reach(fetch(address, { credentials: "same-origin", signal }));
  if (!response.ok) throw new Error(`The figure answered ${response.status}.`);
  return (await response.json()) as Figure;
}

/** The figure drawn by plotly, which is loaded with the first; the server's picture where that fails. */
export default function PlotlyView(props: PictureProps) {
  const { result, variable, kind, at, theme } = props;
  const place = useRef<HTMLDivElement>(null);
  const [phase, setPhase] = useState<"coming" | "drawn" | "failed">("coming");
  const address = `${BASE}/results/${result.digest}/figure?${sliceQuery(variable.name, at, theme)}`;
  useEffect(() => {
    const abort = new AbortController();
    const box = place.current;
    let purge = () => undefined as void;
    void (async () => {
      try {
        const [{ default: plotly }, { data, layout }] = await Promise.all([
          import("plotly.js-cartesian-dist-min"),
          figureOf(address, abort.signal),
        ]);
        if (abort.signal.aborted || !box) return;
        purge = () => plotly.purge(box);
        const { width: _, ...free } = layout;
        await plotly.react(box, data, { ...free, autosize: true }, HOW);
        if (!abort.signal.aborted) setPhase("drawn");
      } catch {
        if (!abort.signal.aborted) setPhase("failed");
      }
    })();
    return () => {
      abort.abort();
      purge();
    };
  }, [address]);
  if (phase === "failed") return <PictureView {...props} />;
  return (
    <div
      className={phase === "drawn" ? "plot" : "plot skeleton"}
      role="img"
      tabIndex={0}
      aria-label={`${valueTitle(variable)} as ${inWords(kind)}; the table has its numbers.`}
    >
      {/* Of its own, since plotly keeps its class names on it. */}
      <div ref={place} />
    </div>
  );
}
