/** What is selected and what is pinned: where it is, its page, and what can be done with it. */
import { Button } from "@mantine/core";
import type { Selection } from "../api/shapes";
import { inWords } from "../figures/words";
import { CloseIcon, PinIcon } from "../shell/icons";
import { useStream } from "../live/stream";
import { textUpTo } from "../live/tape";
import { PageLink } from "../shell/PageLink";
import { useSelection } from "../state/selection";
import { usePage } from "../state/page";
import { siteOf, useDrawnAt } from "../state/screen";
import { unitAt, writeUnit } from "../state/units";
import { Experiment } from "./Experiment";

export function Selected() {
  const { selected, pins, select, pin, unpin } = useSelection();
  const { query } = usePage();
  const drawn = useDrawnAt(selected);
  const position = selected?.position ?? selected?.query;
  const prompt = useStream(({ tapes }) =>
    query.prompt && position !== undefined && tapes[0]
      ? textUpTo(tapes[0], query.prompt, position)
      : query.prompt,
  );
  const context = { ...query, ...(prompt ? { prompt } : {}) };
  const about = { result: drawn?.result ?? null, template: siteOf(drawn?.variable) };
  return (
    <section className="dock-part" aria-labelledby="dock-selected">
      <h2 id="dock-selected">Selection</h2>
      {selected ? (
        <div className="dock-place">
          <Place places={selected} />
          <Button size="compact-xs" variant="default" leftSection={<PinIcon />} onClick={() => pin(selected)}>
            Pin
          </Button>
        </div>
      ) : (
        <p className="muted note">Click a cell, a token or a neuron: it is selected in every panel.</p>
      )}
      {selected && (
        <Experiment key={JSON.stringify(selected)} {...about} place={selected} context={context} />
      )}
      {pins.length > 0 && <h3>Pinned</h3>}
      <ul className="pins">
        {pins.map((places) => (
          <li key={JSON.stringify(places)}>
            <button type="button" className="text-button" onClick={() => select(places)}>
              {inPlain(places)}
            </button>
            <UnitLink places={places} />
            <button
              type="button"
              className="quiet"
              onClick={() => unpin(places)}
              aria-label="Let go of this pin"
            >
              <CloseIcon />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Place({ places }: { places: Selection }) {
  return (
    <p>
      <span className="mono">{inPlain(places)}</span> <UnitLink places={places} />
    </p>
  );
}

function UnitLink({ places }: { places: Selection }) {
  const unit = unitAt(places);
  if (!unit) return null;
  return (
    <PageLink to="/unit" query={{ unit: writeUnit(unit) }}>
      Open {writeUnit(unit)}
    </PageLink>
  );
}

function inPlain(places: Selection): string {
  return Object.entries(places)
    .map(([axis, index]) => `${inWords(axis)} ${index}`)
    .join(", ");
}
