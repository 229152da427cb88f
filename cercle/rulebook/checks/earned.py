"""`karma earned`, `50 karma`: that there is such a wallet."""

from cercle.rulebook.codes import Code
from cercle.rulebook.declared import Declared
from cercle.rulebook.diagnostics import Place
from cercle.rulebook.files.earned import wallet_of
from cercle.rulebook.scope import Scope
from cercle.rulebook.text.source import Block


def check_wallet(wallet: str, place: Place, declared: Declared, scope: Scope) -> None:
    """Notes an error where points.yaml has no such wallet."""
    if declared.wallets is not None and wallet not in declared.wallets:
        sentence = f"`{wallet}` is not a wallet; the wallets are under `wallets`, at the top of points.yaml"
        scope.findings.wrong_word(Code.UNKNOWN_WALLET, place, sentence, wallet, declared.wallets)


def check_earned(block: Block, key: str, declared: Declared, scope: Scope) -> None:
    """Checks the wallet of the `points earned` under `key`; other spellings are the model's matter."""
    text = block.get(key)
    if isinstance(text, str) and (wallet := wallet_of(text)):
        check_wallet(wallet, block.at(key), declared, scope)
