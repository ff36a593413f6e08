package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/cuepoint/cuepoint/api/client"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

func Example() {
	// Such as https://videos.example.org, and a key that `cuepoint keys create` made.
	address, key, stop := exampleServer()
	defer stop()
	c, err := client.Dial(address, client.WithKey(key))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	page, err := c.Videos.ListVideos(ctx, &cuepointv1.ListVideosRequest{PageSize: 10})
	if err != nil {
		log.Fatal(err)
	}
	for _, video := range page.GetVideos() {
		fmt.Println(video.GetName(), video.GetTitle())
	}

	found, err := c.Searches.Search(ctx, &cuepointv1.SearchRequest{Query: "honey"})
	if err != nil {
		log.Fatal(err)
	}
	for _, moment := range found.GetMoments() {
		fmt.Println(moment.GetVideo(), moment.GetStartOffset().AsDuration(), moment.GetText())
	}
	// Output:
	// videos/v1 Six small wonders
	// videos/v1 3s Bees make honey.
}

func ExampleClient_WatchVideo() {
	address, key, stop := exampleServer()
	defer stop()
	c, err := client.Dial(address, client.WithKey(key))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	for news, err := range c.WatchVideo(context.Background(), &cuepointv1.WatchVideoRequest{Name: "videos/v1"}) {
		if err != nil {
			log.Fatal(err)
		}
		switch update := news.GetUpdate().(type) {
		case *cuepointv1.WatchVideoResponse_Video:
			fmt.Println("at first:", update.Video.GetState())
		case *cuepointv1.WatchVideoResponse_Event:
			fmt.Println(update.Event.GetStage(), update.Event.GetStatus())
		case *cuepointv1.WatchVideoResponse_Progress:
			fmt.Printf("%s %.0f %%\n", update.Progress.GetStage(), 100*update.Progress.GetProgress())
		}
	}
	// Output:
	// at first: STATE_PROCESSING
	// speech 40 %
	// speech STATUS_DONE
}

func ExampleClient_UploadFile() {
	address, file, stop := exampleUpload()
	defer stop()
	c, err := client.Dial(address, client.WithKey("ck_example"))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	// Asked again, also by another process, it goes on where it was.
	upload, err := c.UploadFile(context.Background(), file, client.UploadOptions{
		Video: &cuepointv1.VideoSettings{Title: "Tides", Labels: map[string]string{"course": "physics"}},
		Progress: func(p client.UploadProgress) {
			if p.Waiting != nil {
				log.Printf("waiting for the server: %v", p.Waiting)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(upload.GetVideo(), upload.GetState())
	// Output:
	// videos/v1 STATE_DONE
}

// exampleUpload is a server that takes uploads, and a file for it.
func exampleUpload() (address, file string, stop func()) {
	s, stopServer := startTaker()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	file = filepath.Join(dir, "tides.mp4")
	if err := os.WriteFile(file, noise(100<<10), 0o600); err != nil {
		panic(err)
	}
	return "http://" + s.address, file, func() { stopServer(); os.RemoveAll(dir) }
}

// exampleServer is one that knows a single video.
func exampleServer() (address, key string, stop func()) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	g := grpc.NewServer()
	cuepointv1.RegisterVideoServiceServer(g, exampleVideos{})
	cuepointv1.RegisterSearchServiceServer(g, exampleVideos{})
	var serving sync.WaitGroup
	serving.Go(func() { _ = g.Serve(listener) })
	return "http://" + listener.Addr().String(), "ck_example", func() { g.Stop(); serving.Wait() }
}

type exampleVideos struct {
	cuepointv1.UnimplementedVideoServiceServer
	cuepointv1.UnimplementedSearchServiceServer
}

func (exampleVideos) ListVideos(context.Context, *cuepointv1.ListVideosRequest) (*cuepointv1.ListVideosResponse, error) {
	return &cuepointv1.ListVideosResponse{Videos: []*cuepointv1.Video{{Name: "videos/v1", Title: "Six small wonders"}}}, nil
}

func (exampleVideos) Search(context.Context, *cuepointv1.SearchRequest) (*cuepointv1.SearchResponse, error) {
	return &cuepointv1.SearchResponse{Moments: []*cuepointv1.Moment{
		{Video: "videos/v1", StartOffset: durationpb.New(3 * time.Second), Text: "Bees make honey."},
	}}, nil
}

func (exampleVideos) WatchVideo(_ *cuepointv1.WatchVideoRequest, stream grpc.ServerStreamingServer[cuepointv1.WatchVideoResponse]) error {
	speech := &cuepointv1.StageRun{Stage: "speech", Status: cuepointv1.StageRun_STATUS_RUNNING, Progress: 0.4}
	done := &cuepointv1.Event{Type: cuepointv1.Event_TYPE_STAGE_STATUS, Stage: "speech", Status: cuepointv1.StageRun_STATUS_DONE}
	return errors.Join(
		stream.Send(&cuepointv1.WatchVideoResponse{Cursor: "1", Update: &cuepointv1.WatchVideoResponse_Video{
			Video: &cuepointv1.Video{Name: "videos/v1", State: cuepointv1.Video_STATE_PROCESSING},
		}}),
		stream.Send(&cuepointv1.WatchVideoResponse{Cursor: "1", Update: &cuepointv1.WatchVideoResponse_Progress{Progress: speech}}),
		stream.Send(&cuepointv1.WatchVideoResponse{Cursor: "2", Update: &cuepointv1.WatchVideoResponse_Event{Event: done}}),
	)
}
