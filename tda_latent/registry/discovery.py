"""Finding components: every module of our component folders, and entry points of other distributions.

A distribution outside the repository registers through the entry-point groups ``tda_latent.sources``,
``tda_latent.analyzers``, ``tda_latent.distances`` and ``tda_latent.figures``; each entry point names a module
(or a class in it) whose import registers the components.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import pkgutil
import warnings

from tda_latent.registry.component import REGISTRY, Registry

FOLDERS = ("sources", "analyzers", "distances", "figures")


@functools.cache
def registry() -> Registry:
    """The registry with everything in it: our own components and those of installed plugins.

    A plugin that cannot be imported is reported as a warning and left out; it never hides the others.
    """
    for folder in FOLDERS:
        package = importlib.import_module(f"tda_latent.{folder}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"tda_latent.{folder}.{module.name}")
    for folder in FOLDERS:  # after all of ours, so that no plugin can take the name of one
        for point in importlib.metadata.entry_points(group=f"tda_latent.{folder}"):
            try:
                point.load()
            except Exception as error:  # a plugin is foreign code: any failure of it is reported, not ours
                distribution = point.dist.name if point.dist else "unknown distribution"
                warnings.warn(f"plugin {point.name} of {distribution} was left out: {error!r}", stacklevel=2)
    return REGISTRY
