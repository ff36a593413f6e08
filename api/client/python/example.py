#!/usr/bin/python3
"""Calls a Cuepoint server from Python, with nothing but what Debian has.

    apt-get install -y python3-grpcio python3-protobuf protobuf-compiler protobuf-compiler-grpc libprotobuf-dev
    deploy/setup.sh tool protos        # once: the definitions that ours import
    export CUEPOINT_SERVER=http://127.0.0.1:8080 CUEPOINT_KEY=ck_...
    api/client/python/example.py list
    api/client/python/example.py analyze VIDEO [STAGE ...]    # or /a/file, which is the server's
    api/client/python/example.py watch VIDEO
    api/client/python/example.py search WORD ...

Messages and methods are those of api/proto/cuepoint/v1, which stubs() turns into
Python when the program starts. A program of your own would do that once, when it
is built.
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import grpc

API = Path(__file__).resolve().parents[2]


def stubs(to):
    """Generates the Python of all definitions into a directory, and imports from there."""
    roots = [API / "proto", API / "third_party"]
    protos = [str(path) for root in roots for path in root.rglob("*.proto")]
    subprocess.run(
        ["protoc", *(f"-I{root}" for root in roots), f"--python_out={to}", f"--grpc_python_out={to}",
         "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", *protos],
        check=True,
    )
    sys.path.insert(0, to)


def connect():
    """Returns a channel to the server, and the metadata that shows the key."""
    address = urllib.parse.urlsplit(os.environ.get("CUEPOINT_SERVER", "http://127.0.0.1:8080"))
    limits = [("grpc.max_receive_message_length", 256 << 20)]  # all that is known of hours of speech
    if address.scheme == "https":
        channel = grpc.secure_channel(f"{address.hostname}:{address.port or 443}", grpc.ssl_channel_credentials(), limits)
    elif address.hostname in ("localhost", "127.0.0.1", "::1"):
        channel = grpc.insecure_channel(address.netloc, limits)
    else:
        sys.exit("CUEPOINT_SERVER: write https://, lest somebody on the way reads the key")
    return channel, [("authorization", "Bearer " + os.environ.get("CUEPOINT_KEY", ""))]


def name(video):
    """The resource name of a video's id."""
    return video if video.startswith("videos/") else "videos/" + video


def list_videos(channel, key):
    from cuepoint.v1 import video_pb2, video_service_pb2, video_service_pb2_grpc

    videos = video_service_pb2_grpc.VideoServiceStub(channel)
    token = ""
    while True:
        page = videos.ListVideos(video_service_pb2.ListVideosRequest(page_token=token), metadata=key)
        for video in page.videos:
            print(video.name, video_pb2.Video.State.Name(video.state), video.title, sep="\t")
        token = page.next_page_token
        if not token:
            return


def analyze(channel, key, source, *stages):
    from cuepoint.v1 import video_service_pb2, video_service_pb2_grpc

    videos = video_service_pb2_grpc.VideoServiceStub(channel)
    if source.startswith("/"):
        video = videos.CreateVideo(video_service_pb2.CreateVideoRequest(path=os.fsencode(source)), metadata=key)
        source = video.name
    videos.AnalyzeVideo(video_service_pb2.AnalyzeVideoRequest(name=name(source), stages=stages, force=bool(stages)), metadata=key)
    watch(channel, key, source)


def watch(channel, key, video):
    """Tells how a video gets on until all has ended, also over a connection that breaks."""
    from cuepoint.v1 import video_pb2, video_service_pb2, video_service_pb2_grpc

    videos = video_service_pb2_grpc.VideoServiceStub(channel)
    status = video_pb2.StageRun.Status.Name
    cursor = ""
    while True:
        try:
            for news in videos.WatchVideo(video_service_pb2.WatchVideoRequest(name=name(video), cursor=cursor), metadata=key):
                cursor = news.cursor  # what to go on after
                kind = news.WhichOneof("update")
                if kind == "video":
                    print(news.video.name, video_pb2.Video.State.Name(news.video.state), sep="\t")
                    for stage in news.video.stages:
                        print(stage.stage, status(stage.status), sep="\t")
                elif kind == "progress":
                    print(news.progress.stage, f"{news.progress.progress:.0%}", sep="\t")
                elif kind == "event" and news.event.stage:
                    print(news.event.stage, status(news.event.status), sep="\t")
                elif kind == "event":
                    print(news.event.video, video_pb2.Video.State.Name(news.event.state), sep="\t")
            return
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise
            time.sleep(1)


def search(channel, key, *words):
    from cuepoint.v1 import search_pb2, search_pb2_grpc

    searches = search_pb2_grpc.SearchServiceStub(channel)
    for moment in searches.Search(search_pb2.SearchRequest(query=" ".join(words)), metadata=key).moments:
        snippet = "".join(f"«{part.text}»" if part.hit else part.text for part in moment.snippet)
        print(moment.video, f"{moment.start_offset.ToTimedelta().total_seconds():.1f} s", snippet, sep="\t")


COMMANDS = {"list": list_videos, "analyze": analyze, "watch": watch, "search": search}


def main():
    command, *arguments = sys.argv[1:] or ["help"]
    if command not in COMMANDS or (command != "list") != bool(arguments):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as generated:
        stubs(generated)
        channel, key = connect()
        with channel:
            try:
                COMMANDS[command](channel, key, *arguments)
            except grpc.RpcError as error:
                sys.exit(f"{error.code().name}: {error.details()}")


if __name__ == "__main__":
    main()
