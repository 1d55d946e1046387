/** Circuits. */
import { Empty } from "../shell/Panel";

export default function Circuits() {
  return (
    <main>
      <h1 className="hidden">Circuits</h1>
      <Empty>Nothing is here yet.</Empty>
    </main>
  );
}
