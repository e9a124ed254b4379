import socket

from tv5_assets.services.milvus_process import listening


def test_what_connects_is_sent_each_part_of_an_answer_at_once() -> None:
    with (
        listening(0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
