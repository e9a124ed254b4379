"""Which resource an asset gets under which name."""

import dagster as dg

from tv5_assets.dagster_kit import io_managers, resources


@dg.definitions
def platform_resources() -> dg.Definitions:
    """IO managers, settings, encoder, tracking and the four stores."""
    return dg.Definitions(
        resources={
            "tables": io_managers.TableIOManager(),
            "vectors": io_managers.VectorsIOManager(),
            "models": io_managers.ModelIOManager(),
            "pages": io_managers.PageIOManager(),
            "settings": resources.SettingsResource(),
            "encoder": resources.EncoderResource(),
            "tracking": resources.TrackingResource(),
            "milvus": resources.MilvusResource(),
            "graph": resources.GraphResource(),
            "agentdb": resources.AgentDBResource(),
            "cache": resources.CacheResource(),
            "stores": resources.StoresResource(),
        }
    )
