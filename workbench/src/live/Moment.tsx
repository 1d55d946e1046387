/** One token of a stream: what the model expects next, and which neurons were brightest. */
import { useMemo } from "react";
import { number, visible } from "../figures/words";
import { PageLink } from "../shell/PageLink";
import { useSelection } from "../state/selection";
import { placesOf, unitAt, writeUnit } from "../state/units";
import type { TokenFrame } from "../api/shapes";
import { brightest } from "./activity";
import { type Side, useStream } from "./stream";

const SHOWN = 10;

interface MomentProps {
  token: TokenFrame | undefined;
  side: Side;
}

export function Moment({ token, side }: MomentProps) {
  if (!token) return null;
  return (
    <div className="stream-moment">
      <Candidates token={token} />
      <Brightest token={token} side={side} />
    </div>
  );
}

function Candidates({ token }: { token: TokenFrame }) {
  return (
    <table className="ranking stream-candidates">
      <caption>
        After <b className="mono">{visible(token.text)}</b> the model expects · entropy{" "}
        {number(token.entropy)} nats
      </caption>
      <thead>
        <tr>
          <th scope="col">Next token</th>
          <th scope="col" className="right">
            Probability
          </th>
        </tr>
      </thead>
      <tbody>
        {token.next.map(({ id, text, probability }) => (
          <tr key={id}>
            <th scope="row" className="mono">
              {visible(text)}
            </th>
            <td className="right" data-value={probability}>
              <span
                className="stream-bar"
                style={{ inlineSize: `${Math.max(probability * 60, 1)}px` }}
                aria-hidden="true"
              />
              {number(probability)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Brightest({ token, side }: { token: TokenFrame; side: Side }) {
  const frame = useStream((stream) => stream.frame);
  const selected = useSelection((selecting) => selecting.selected);
  const select = useSelection((selecting) => selecting.select);
  const hover = useSelection((selecting) => selecting.hover);
  const found = useMemo(() => {
    const activity = frame(token.position, side);
    return activity ? brightest(activity, SHOWN) : [];
  }, [frame, token, side]);
  const chosen = unitAt(selected);
  return (
    <table className="ranking stream-brightest">
      <caption>Brightest neurons at this token</caption>
      <thead>
        <tr>
          <th scope="col">Neuron</th>
          <th scope="col" className="right">
            Activation
          </th>
          <th scope="col">
            <span className="hidden">Its page</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {found.map(({ layer, neuron, activation }) => {
          const unit = { kind: "neuron", layer, index: neuron } as const;
          const places = { ...placesOf(unit), position: token.position };
          const lit = chosen?.kind === "neuron" && chosen.layer === layer && chosen.index === neuron;
          return (
            <tr
              key={`${layer}.${neuron}`}
              className={lit ? "lit" : ""}
              onPointerEnter={() => hover(places)}
              onPointerLeave={() => hover(null)}
            >
              <th scope="row">
                <button type="button" className="row-button mono" onClick={() => select(places)}>
                  {writeUnit(unit)}
                </button>
              </th>
              <td className="right" data-value={activation}>
                {number(activation)}
              </td>
              <td>
                <PageLink to="/unit" query={{ unit: writeUnit(unit) }}>
                  open
                </PageLink>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
